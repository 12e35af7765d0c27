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
import { ListPage } from "./list-page";
import { EventList } from "./events/EventList";
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
		<ListPage
			title={t("common.events")}
			said={t("screens.events.everythingThatChangedWhereYou")}
			word="events:read"
			what={t("common.events2")}
			list={list}
			filtered={Object.keys(filters).length > 0}
		>
			<EventFilters of={request} total={list.total} />
			<Listing
				list={list}
				ghosts={10}
				what="list.events"
				empty={<Empty title={t("common.nothingHappened")}>{t("common.noEventHasAllOf")}</Empty>}
			>
				<EventList list={list} included={list.included} />
			</Listing>
		</ListPage>
	);
}
