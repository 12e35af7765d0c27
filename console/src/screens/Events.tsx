/* Everything that changed where one may look; or one event, which a link leads to. */

import { lazy } from "react";
import { url } from "../api/client";
import type { RecordedEvent } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { Refused } from "../parts/failure";
import { More } from "../parts/more";
import { Empty, Ghosts } from "../parts/small";
import type { ScreenProps } from "../Console";
import { EventFilters, useEventFilters } from "./events/filters";
import { EventList } from "./events/EventList";
import { UnlessWithheld } from "./withheld";

const One = lazy(() => import("./events/One"));

export default function Events({ params }: ScreenProps) {
	return params.id ? <One id={params.id} /> : <All />;
}

function All() {
	const filters = useEventFilters();
	const request = url("events", { ...filters, sort: "-occurredAt", include: "organization", "page[size]": 50 });
	const list = usePages<RecordedEvent>(request, { keep: true });
	usePage({ title: "Events", crumbs: [{ name: "Events" }], request });
	return (
		<div className="page stack gap4">
			<div>
				<h1>Events</h1>
				<p className="second">Everything that changed where you may look. Newest first, nothing is left out.</p>
			</div>
			<EventFilters of={request} total={list.total} />
			{list.isPending && <Ghosts rows={10} />}
			{list.error && list.rows.length === 0 && <Refused error={list.error} again={() => void list.refetch()} />}
			{!list.isPending && !list.error && list.rows.length === 0 && (
				<UnlessWithheld word="events:read" what="events">
					<Empty title="Nothing happened">No event has all of these filters. Choose a longer time or any type.</Empty>
				</UnlessWithheld>
			)}
			{list.length > 0 && <EventList list={list} included={list.included} />}
			<More list={list} what="list.events" />
		</div>
	);
}
