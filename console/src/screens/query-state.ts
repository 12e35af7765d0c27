/* Filters of a screen are in its URL, in the words of the API. */

import { useSearchParams } from "wouter";

/** Returns a member of the query, and how to change it; the usual value is left out of the URL. */
export function useQueryState(name: string, usual = ""): [string, (value: string) => void] {
	const [query, setQuery] = useSearchParams();
	const set = (value: string) =>
		setQuery(
			(now) => {
				const next = new URLSearchParams(now);
				if (value === usual || value === "") next.delete(name);
				else next.set(name, value);
				return next;
			},
			{ replace: true },
		);
	return [query.get(name) ?? usual, set];
}
