/* What changed in one organization. */

import { url } from "../../api/client";
import type { RecordedEvent } from "../../api/resources";
import { usePages } from "../../api/pages";
import { Refused } from "../../parts/failure";
import { More } from "../../parts/more";
import { Empty, Ghosts } from "../../parts/small";
import { EventFilters, useEventFilters } from "../events/filters";
import { EventList } from "../events/EventList";
import { useQueryState } from "../query-state";
import type { TabProps } from "./Organization";

export default function Events({ id, answer }: TabProps) {
	const filters = useEventFilters();
	const [below, setBelow] = useQueryState("below");
	const hasBelow = (answer.data.meta?.counts?.descendants ?? 0) > 0;
	const place = below && hasBelow ? { "filter[ancestor]": id } : { "filter[organizationId]": id };
	const request = url("events", { ...filters, ...place, sort: "-occurredAt", include: "organization", "page[size]": 50 });
	const list = usePages<RecordedEvent>(request, { keep: true });
	return (
		<div className="stack gap4">
			<EventFilters of={request} total={list.total} />
			{hasBelow && (
				<div className="segments fit" role="group" aria-label="Where">
					<button type="button" aria-pressed={!below} onClick={() => setBelow("")}>
						Here
					</button>
					<button type="button" aria-pressed={Boolean(below)} onClick={() => setBelow("1")}>
						Here and below
					</button>
				</div>
			)}
			{list.isPending && <Ghosts rows={8} />}
			{list.error && list.rows.length === 0 && <Refused error={list.error} again={() => void list.refetch()} />}
			{!list.isPending && !list.error && list.rows.length === 0 && (
				<Empty title="Nothing happened">
					{Object.keys(filters).length > 0
						? "No event has all of these filters. Choose a longer time or any type."
						: "Whatever changes here is told here, and to the endpoints that listen."}
				</Empty>
			)}
			{list.length > 0 && <EventList list={list} included={list.included} here={id} />}
			<More list={list} what="list.events" />
		</div>
	);
}
