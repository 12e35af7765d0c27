/* Deliveries of all endpoints that one may see, those first that fail. */

import { Link } from "wouter";
import { url } from "../api/client";
import { idOf, related, totalOf } from "../api/document";
import type { Delivery, OrganizationAttributes, Webhook } from "../api/resources";
import { usePages } from "../api/pages";
import { useRead } from "../api/query";
import { usePage } from "../frame/page";
import { preferences } from "../parts/preferences";
import { Export } from "../parts/export";
import { Empty, Section, State, Typed } from "../parts/small";
import { Listing } from "../parts/listing";
import { short } from "../words/time";
import type { ScreenProps } from "../Console";
import { digits } from "../words/count";
import { endpointName } from "../words/host";
import { ListPage } from "./list-page";
import { useQueryState } from "./query-state";
import { healthOf } from "./webhooks/health";
import { deliveryStates, DeliveryTable, pathOf } from "./webhooks/DeliveryTable";
import { asWords, FilterChip, Segments } from "../parts/choices";
import { rich, t } from "../words/message";

export default function Deliveries(_: ScreenProps) {
	const [state, setState] = useQueryState("filter[state]");
	const [event, setEvent] = useQueryState("filter[eventId]");
	const request = url("webhookDeliveries", {
		"filter[state]": state,
		"filter[eventId]": event,
		sort: "-createdAt",
		include: "webhook,organization",
		"fields[webhooks]": "name,url,kind",
		"fields[organizations]": "name",
		"fields[webhookDeliveries]": "createdAt,eventType,state,trigger,attempts,status,errorCode,endpointStatus,webhook,organization",
		"page[size]": 50,
	});
	const list = usePages<Delivery>(request, { keep: true });
	usePage({ title: t("common.deliveries"), crumbs: [{ name: t("common.deliveries") }], request });
	const { last } = preferences();
	return (
		<ListPage
			title={t("common.deliveries")}
			said={t("screens.deliveries.whatWasSentToEndpoints")}
			word="webhooks:read"
			what={t("screens.deliveries.deliveries")}
			list={list}
			filtered={Boolean(state || event)}
		>
			<FailingEndpoints />
			<div className="row wrap" role="group" aria-label={t("common.filters")}>
				<Segments label={t("common.state")} of={asWords(deliveryStates)} value={state} choose={setState} />
				{event && (
					<FilterChip
						label={t("screens.deliveries.clearTheFilterOfOne")}
						on={t("common.event")}
						id={event.slice(0, 8)}
						clear={() => setEvent("")}
					/>
				)}
				{Boolean(list.total) && <span className="second quiet end">{t("common.totalDelivery", { total: list.total })}</span>}
				<span className={list.total ? undefined : "end"}>
					<Export of={request} what="deliveries" />
				</span>
			</div>
			<Listing
				list={list}
				ghosts={8}
				what="list.deliveries"
				empty={
					<Empty
						title={
							state
								? t("common.noDeliveryIs", { state })
								: event
									? t("screens.deliveries.noEndpointWasToldOf")
									: t("common.nothingWasSentYet")
						}
						action={
							!state && !event && last ? (
								<Link className="button" href={`/organizations/${last}/webhooks`}>
									{t("common.newEndpoint")}
								</Link>
							) : undefined
						}
					>
						{state
							? t("common.chooseAnotherState")
							: event
								? t("screens.deliveries.eachIsToldOfThe")
								: t("screens.deliveries.anOrganizationThatHasAn")}
					</Empty>
				}
			>
				<DeliveryTable list={list} to={pathOf} organizations />
			</Listing>
		</ListPage>
	);
}

function FailingEndpoints() {
	const { data } = useRead<Webhook[]>(
		url("webhooks", { "filter[health]": "failing", include: "organization", "fields[organizations]": "name", "page[size]": 20 }),
	);
	if (!data || data.data.length === 0) return null;
	return (
		<Section id="failing" title={t("screens.deliveries.failingEndpoints")} count={digits(totalOf(data) ?? data.data.length)} card>
			<ul className="todo">
				{data.data.map((w) => {
					const o = related<OrganizationAttributes>(data, w, "organization");
					return (
						<li key={w.id}>
							<State is="bad" hidden>
								{healthOf(w).word}
							</State>
							<span>
								{rich("screens.deliveries.takesNothingSinceBacklogMessage", {
									value: (
										<b>
											<Typed>{endpointName(w.attributes)}</Typed>
										</b>
									),
									when: short(w.attributes.health?.failingSince),
									s: (words) => <span className="second">{words}</span>,
									name: <Typed>{o?.attributes.name}</Typed>,
									backlog: w.attributes.health?.backlog ?? 0,
								})}
							</span>
							<Link className="button" data-size="small" href={`/organizations/${idOf(w, "organization")}/webhooks/${w.id}`}>
								{t("common.look")}
							</Link>
						</li>
					);
				})}
			</ul>
		</Section>
	);
}
