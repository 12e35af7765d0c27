/* What is shown in place of what one may not see. Who may see everything does not load it. */

import { Suspense, type ReactNode } from "react";
import { holds, useMayAt, useMe, useOwnPlaces } from "../api/me";
import { later } from "../parts/later";
import { Ghosts } from "../parts/small";
import type { WithheldProps } from "./withheld-open";

const Open = later(() => import("./withheld-open"));

/** Says that something is not shown, what it takes, and who can give that, as far as the reader sees them. */
export function Withheld(props: WithheldProps) {
	return (
		<Suspense fallback={<Ghosts rows={2} />}>
			<Open {...props} />
		</Suspense>
	);
}

/** Returns whether the reader holds a word nowhere, undefined as long as that is not known; nothing is asked for null. */
export function useWithheld(word: string | null): boolean | undefined {
	const me = useMe().data?.data;
	const places = useOwnPlaces(word ? me : undefined);
	const may = useMayAt((places ?? []).map((p) => p.id));
	const scopes = me?.attributes.scopes;
	if (!word || !me || !places || (places.length > 0 && !may.known)) return undefined;
	return !(me.type === "users" ? places.some((p) => may(p.id, word)) : !scopes || holds(scopes, word));
}

/** Shows what is said of an empty list, or, if the reader holds the word nowhere, that it is not shown to them. */
export function UnlessWithheld({ word, what, children }: { word: string; what: string; children: ReactNode }) {
	const withheld = useWithheld(word);
	if (withheld === undefined) return <Ghosts rows={2} />;
	return withheld ? <Withheld word={word} what={what} /> : children;
}
