/* The filters of events, in the URL and in the words of the API. */

import { useMemo } from "react";
import { useSearchParams } from "wouter";
import { Export } from "../../parts/export";
import { offset } from "../../words/time";
import { count } from "../../words/count";
import { useQueryState } from "../query-state";
import { FilterChip, Segments } from "../../parts/choices";

const spans: { value: string; label: string; hours: number }[] = [
	{ value: "1h", label: "1 h", hours: 1 },
	{ value: "24h", label: "24 h", hours: 24 },
	{ value: "7d", label: "7 d", hours: 24 * 7 },
	{ value: "30d", label: "30 d", hours: 24 * 30 },
	{ value: "all", label: "All", hours: 0 },
];

const prefixes = ["organization.", "user.", "membership.", "role.", "invitation.", "apiKey.", "webhook.", "file.", "session.", "access."];
const passed = ["filter[actorId]", "filter[subjectId]", "filter[requestId]", "filter[ancestor]"];

/** Returns the filters that are on, as members of a query. */
export function useEventFilters(usual = "all"): Record<string, string> {
	const [span] = useQueryState("since", usual);
	const [prefix] = useQueryState("filter[eventType][prefix]");
	const [query] = useSearchParams();
	const filters: Record<string, string> = {};
	const hours = spans.find((s) => s.value === span)?.hours ?? 0;
	// It begins in steps of a sixtieth and stays while somebody looks, so that the same list has the same URL, also when they come back.
	const since = useMemo(() => {
		const step = hours * 60_000;
		return hours ? new Date(Math.floor(Date.now() / step) * step - hours * 3_600_000).toISOString() : "";
	}, [hours]);
	if (since) filters["filter[occurredAt][gte]"] = since;
	if (prefix) filters["filter[eventType][prefix]"] = prefix;
	for (const name of passed) {
		const value = query.get(name);
		if (value) filters[name] = value;
	}
	return filters;
}

export function EventFilters({ of, total, usual = "all" }: { of: string; total: number | undefined; usual?: string }) {
	const [span, setSpan] = useQueryState("since", usual);
	const [prefix, setPrefix] = useQueryState("filter[eventType][prefix]");
	const [query, setQuery] = useSearchParams();
	return (
		<div className="row wrap" role="group" aria-label="Filters">
			<Segments label="When" of={spans.map((s) => [s.value, s.label])} value={span} choose={setSpan} />
			<label className="row second">
				Type
				<select className="input chip-select" value={prefix} onChange={(e) => setPrefix(e.target.value)}>
					<option value="">any</option>
					{prefixes.map((p) => (
						<option key={p} value={p}>
							{p}*
						</option>
					))}
				</select>
			</label>
			{passed.map((name) => {
				const value = query.get(name);
				if (!value) return null;
				const label = {
					"filter[actorId]": "Actor",
					"filter[subjectId]": "Subject",
					"filter[requestId]": "Request",
					"filter[ancestor]": "Below",
				}[name];
				return (
					<FilterChip
						key={name}
						label={`Clear the filter ${label}`}
						on={label}
						id={value.slice(0, 8)}
						clear={() =>
							setQuery((now) => {
								const next = new URLSearchParams(now);
								next.delete(name);
								return next;
							})
						}
					/>
				);
			})}
			<span className="second quiet end">
				{offset()}
				{total !== undefined && ` · ${count(total, "event")}`}
			</span>
			<Export of={of} what="event" />
		</div>
	);
}
