/* The filters of events, in the URL and in the words of the API. */

import { useMemo, type ReactNode } from "react";
import { useSearchParams } from "wouter";
import { Export } from "../../parts/export";
import { offset } from "../../words/time";
import { useQueryState } from "../query-state";
import { FilterChip, Segments } from "../../parts/choices";
import { t } from "../../words/message";

const spans: { value: string; label: string; hours: number }[] = [
	{ value: "1h", label: t("events.filters.1H"), hours: 1 },
	{ value: "24h", label: t("events.filters.24H"), hours: 24 },
	{ value: "7d", label: t("events.filters.7D"), hours: 24 * 7 },
	{ value: "30d", label: t("events.filters.30D"), hours: 24 * 30 },
	{ value: "all", label: t("common.all"), hours: 0 },
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

interface EventFiltersProps {
	of: string;
	total: number | undefined;
	usual?: string;
	/** Choices of a page's own, behind the others. */
	children?: ReactNode;
}

export function EventFilters({ of, total, usual = "all", children }: EventFiltersProps) {
	const [span, setSpan] = useQueryState("since", usual);
	const [prefix, setPrefix] = useQueryState("filter[eventType][prefix]");
	const [query, setQuery] = useSearchParams();
	return (
		<div className="row wrap" role="group" aria-label={t("common.filters")}>
			<Segments label={t("common.when")} of={spans.map((s) => [s.value, s.label])} value={span} choose={setSpan} />
			<label className="row second">
				{t("common.type")}
				<select className="input chip-select" value={prefix} onChange={(e) => setPrefix(e.target.value)}>
					<option value="">{t("common.any")}</option>
					{prefixes.map((p) => (
						<option key={p} value={p}>
							{p}*
						</option>
					))}
				</select>
			</label>
			{children}
			{passed.map((name) => {
				const value = query.get(name);
				if (!value) return null;
				const label = {
					"filter[actorId]": t("common.actor"),
					"filter[subjectId]": t("events.filters.subject"),
					"filter[requestId]": t("common.request"),
					"filter[ancestor]": t("common.below"),
				}[name];
				return (
					<FilterChip
						key={name}
						label={t("events.filters.clearTheFilter", { label })}
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
			<div className="row end told">
				<span className="second quiet">{!total ? offset() : t("events.filters.totalEvent", { offset: offset(), total })}</span>
				<Export of={of} what="events" />
			</div>
		</div>
	);
}
