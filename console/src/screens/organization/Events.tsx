/* What changed in one organization. */

import { url } from "../../api/client";
import type { RecordedEvent } from "../../api/resources";
import { usePages } from "../../api/pages";
import { useCurl } from "../../frame/page";
import { Empty } from "../../parts/small";
import { Listing } from "../../parts/listing";
import { EventFilters, useEventFilters } from "../events/filters";
import { EventList } from "../events/EventList";
import { useQueryState } from "../query-state";
import type { TabProps } from "./Organization";
import { Segments } from "../../parts/choices";
import { t } from "../../words/message";

export default function Events({ id, answer }: TabProps) {
	const filters = useEventFilters();
	const [below, setBelow] = useQueryState("below");
	const hasBelow = (answer.data.meta?.counts?.descendants ?? 0) > 0;
	const place = below && hasBelow ? { "filter[ancestor]": id } : { "filter[organizationId]": id };
	const request = url("events", { ...filters, ...place, sort: "-occurredAt", include: "organization", "page[size]": 50 });
	useCurl(request);
	const list = usePages<RecordedEvent>(request, { keep: true });
	return (
		<div className="stack gap4">
			<EventFilters of={request} total={list.total}>
				{hasBelow && (
					<Segments
						label={t("common.where")}
						className="fit"
						of={[
							["", t("common.here")],
							["1", t("organization.events.hereAndBelow")],
						]}
						value={below}
						choose={setBelow}
					/>
				)}
			</EventFilters>
			<Listing
				list={list}
				ghosts={8}
				what="list.events"
				empty={
					<Empty title={t("common.nothingHappened")}>
						{Object.keys(filters).length > 0 ? t("common.noEventHasAllOf") : t("organization.events.whateverChangesHereIsTold")}
					</Empty>
				}
			>
				<EventList list={list} included={list.included} here={id} />
			</Listing>
		</div>
	);
}
