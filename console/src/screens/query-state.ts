/* Filters of a screen are in its URL, in the words of the API. */

import { useSearchParams } from "wouter";
import { holdsSecret } from "../frame/recognize";
import { notify } from "../parts/live";
import { t } from "../words/message";

/**
 * Returns a member of the query, and how to change it; the usual value is left out of the URL. A secret that is pasted into the field of a filter
 * gets into no URL and no request.
 */
export function useQueryState(name: string, usual = ""): [string, (value: string) => void] {
	const [query, setQuery] = useSearchParams();
	const set = (value: string) => {
		if (holdsSecret(value)) {
			notify(t("screens.queryState.thatIsASecret"));
			return;
		}
		setQuery(
			(now) => {
				const next = new URLSearchParams(now);
				if (value === usual || value === "") next.delete(name);
				else next.set(name, value);
				return next;
			},
			{ replace: true },
		);
	};
	const value = query.get(name) ?? usual;
	return [holdsSecret(value) ? usual : value, set];
}
