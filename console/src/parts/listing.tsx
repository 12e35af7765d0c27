/* A list in each of the states that it can be in. */

import type { ReactNode } from "react";
import type { RowSource } from "../api/pages";
import type { MessageId } from "../words/message";
import { Refused } from "./failure";
import { More } from "./more";
import { Ghosts } from "./small";

interface ListingProps {
	list: RowSource<unknown> & { isPending: boolean; error: unknown; refetch: () => unknown } & Parameters<typeof More>[0]["list"];
	/** How many rows seem to be there while it is on its way. */
	ghosts?: number;
	/** What is shown when there is nothing. */
	empty: ReactNode;
	/** What its end says; nothing if absent. */
	what?: Extract<MessageId, `list.${string}`>;
	children: ReactNode;
}

/** Shows a list as its rows, which are the children, with more as one comes near its end; or that it is on its way, refused, or empty. */
export function Listing({ list, ghosts, empty, what, children }: ListingProps) {
	if (list.isPending) return <Ghosts rows={ghosts} />;
	// What was read before stays when reading it again fails: a bar says so.
	if (list.length === 0) return list.error ? <Refused error={list.error} again={() => void list.refetch()} /> : empty;
	return (
		<>
			{children}
			{what && <More list={list} what={what} />}
		</>
	);
}
