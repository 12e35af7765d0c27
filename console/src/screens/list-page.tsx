/* A page that is one list of all that one may see of something: its heading, what is in it, and its filters and rows. */

import type { ReactNode } from "react";
import { Ghosts } from "../parts/small";
import { useWithheld, Withheld } from "./withheld";

interface ListPageProps {
	title: string;
	/** What is in the list, in a sentence. */
	said: ReactNode;
	/** What it takes to see any of it. */
	word: string;
	/** What is not shown to whoever has that nowhere: "keys". */
	what: string;
	list: { isPending: boolean; error: unknown; length: number };
	/** Whether a filter is on, by which there may be nothing. */
	filtered: boolean;
	children: ReactNode;
}

/** Shows a list with its filters; or, in place of all that, why nothing of it is shown. */
export function ListPage({ title, said, word, what, list, filtered, children }: ListPageProps) {
	const nothing = !list.isPending && !list.error && list.length === 0;
	const withheld = useWithheld(nothing ? word : null);
	const known = !nothing || filtered || withheld !== undefined; // a field that somebody types into stays meanwhile
	return (
		<div className="page stack gap4">
			<div>
				<h1>{title}</h1>
				{!withheld && <p className="second">{said}</p>}
			</div>
			{withheld ? <Withheld word={word} what={what} /> : known ? children : <Ghosts rows={2} />}
		</div>
	);
}
