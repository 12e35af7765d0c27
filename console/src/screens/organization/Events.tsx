/* What changed in one organization. */

import { url } from "../../api/client";
import type { RecordedEvent } from "../../api/resources";
import { usePages } from "../../api/pages";
import { Empty } from "../../parts/small";
import { Listing } from "../../parts/listing";
import { EventFilters, useEventFilters } from "../events/filters";
import { EventList } from "../events/EventList";
import { useQueryState } from "../query-state";
import type { TabProps } from "./Organization";
import { Segments } from "../../parts/choices";

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
				<Segments
					label="Where"
					className="fit"
					of={[
						["", "Here"],
						["1", "Here and below"],
					]}
					value={below}
					choose={setBelow}
				/>
			)}
			<Listing
				list={list}
				ghosts={8}
				what="list.events"
				empty={
					<Empty title="Nothing happened">
						{Object.keys(filters).length > 0
							? "No event has all of these filters. Choose a longer time or any type."
							: "Whatever changes here is told here, and to the endpoints that listen."}
					</Empty>
				}
			>
				<EventList list={list} included={list.included} here={id} />
			</Listing>
		</div>
	);
}
