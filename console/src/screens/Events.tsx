/* Everything that changed where one may look; or one event, which a link leads to. */

import { url } from "../api/client";
import type { RecordedEvent } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { later } from "../parts/later";
import { Empty } from "../parts/small";
import { Listing } from "../parts/listing";
import type { ScreenProps } from "../Console";
import { EventFilters, useEventFilters } from "./events/filters";
import { EventList } from "./events/EventList";
import { UnlessWithheld } from "./withheld";
import { t } from "../words/message";

const One = later(() => import("./events/One"));

export default function Events({ params }: ScreenProps) {
	return params.id ? <One id={params.id} /> : <All />;
}

function All() {
	const filters = useEventFilters();
	const request = url("events", { ...filters, sort: "-occurredAt", include: "organization", "page[size]": 50 });
	const list = usePages<RecordedEvent>(request, { keep: true });
	usePage({ title: t("common.events"), crumbs: [{ name: t("common.events") }], request });
	return (
		<div className="page stack gap4">
			<div>
				<h1>{t("common.events")}</h1>
				<p className="second">{t("screens.events.everythingThatChangedWhereYou")}</p>
			</div>
			<EventFilters of={request} total={list.total} />
			<Listing
				list={list}
				ghosts={10}
				what="list.events"
				empty={
					<UnlessWithheld word="events:read" what={t("common.events2")}>
						<Empty title={t("common.nothingHappened")}>{t("common.noEventHasAllOf")}</Empty>
					</UnlessWithheld>
				}
			>
				<EventList list={list} included={list.included} />
			</Listing>
		</div>
	);
}
