/* Which rows of a list are selected: one by one, or from the last one to another. */

import { useState } from "react";

export interface Selection {
	ids: string[];
	has: (id: string) => boolean;
	/** Selects or not; with range all from the one before to this one. */
	toggle: (id: string, range?: boolean) => void;
	all: (on: boolean) => void;
	clear: () => void;
}

/** rows are the ids in their order. What is not among them any more is not selected. */
export function useSelection(rows: string[]): Selection {
	const [chosen, setChosen] = useState<Set<string>>(new Set());
	const [last, setLast] = useState<string | null>(null);
	const ids = rows.filter((id) => chosen.has(id));
	return {
		ids,
		has: (id) => chosen.has(id),
		toggle: (id, range) => {
			const on = !chosen.has(id);
			const from = range && last ? rows.indexOf(last) : -1;
			const to = rows.indexOf(id);
			const touched = from < 0 ? [id] : rows.slice(Math.min(from, to), Math.max(from, to) + 1);
			const next = new Set(ids);
			for (const t of touched)
				if (on) next.add(t);
				else next.delete(t);
			setChosen(next);
			setLast(id);
		},
		all: (on) => setChosen(new Set(on ? rows : [])),
		clear: () => setChosen(new Set()),
	};
}
