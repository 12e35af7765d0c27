/* Deliveries of all endpoints that one may see, those first that fail. */

import { Link } from "wouter";
import { url } from "../api/client";
import { idOf, related } from "../api/document";
import type { Delivery, OrganizationAttributes, Webhook } from "../api/resources";
import { usePages } from "../api/pages";
import { useRead } from "../api/query";
import { usePage } from "../frame/page";
import { Export } from "../parts/export";
import { Empty, Section, State, Typed } from "../parts/small";
import { Listing } from "../parts/listing";
import { count } from "../words/count";
import { short } from "../words/time";
import type { ScreenProps } from "../Console";
import { endpointName } from "../words/host";
import { useQueryState } from "./query-state";
import { UnlessWithheld } from "./withheld";
import { healthOf } from "./webhooks/health";
import { deliveryStates, DeliveryTable, pathOf } from "./webhooks/DeliveryTable";
import { asWords, FilterChip, Segments } from "../parts/choices";

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
		"fields[webhookDeliveries]": "createdAt,eventType,state,attempts,status,errorCode,webhook,organization",
		"page[size]": 50,
	});
	const list = usePages<Delivery>(request, { keep: true });
	usePage({ title: "Deliveries", crumbs: [{ name: "Deliveries" }], request });
	return (
		<div className="page stack gap4">
			<div>
				<h1>Deliveries</h1>
				<p className="second">What was sent to endpoints, and what will be. Newest first.</p>
			</div>
			<FailingEndpoints />
			<div className="row wrap" role="group" aria-label="Filters">
				<Segments label="State" of={asWords(deliveryStates)} value={state} choose={setState} />
				{event && <FilterChip label="Clear the filter of one event" on="Event" id={event.slice(0, 8)} clear={() => setEvent("")} />}
				{list.total !== undefined && <span className="second quiet end">{count(list.total, "delivery", "deliveries")}</span>}
				<Export of={request} what="delivery" many="deliveries" />
			</div>
			<Listing
				list={list}
				ghosts={8}
				what="list.deliveries"
				empty={
					<UnlessWithheld word="webhooks:read" what="deliveries">
						<Empty title={state ? `No delivery is ${state}` : "Nothing was sent yet"}>
							{state
								? "Choose another state."
								: "An organization that has an endpoint is told of its changes: open its tab Webhooks."}
						</Empty>
					</UnlessWithheld>
				}
			>
				<DeliveryTable list={list} to={pathOf} organizations />
			</Listing>
		</div>
	);
}

function FailingEndpoints() {
	const { data } = useRead<Webhook[]>(
		url("webhooks", { "filter[health]": "failing", include: "organization", "fields[organizations]": "name", "page[size]": 20 }),
	);
	if (!data || data.data.length === 0) return null;
	return (
		<Section id="failing" title="Failing endpoints" count={data.data.length} card>
			<ul className="todo">
				{data.data.map((w) => {
					const o = related<OrganizationAttributes>(data, w, "organization");
					return (
						<li key={w.id}>
							<State is="bad" hidden>
								{healthOf(w).word}
							</State>
							<span>
								<b>
									<Typed>{endpointName(w.attributes)}</Typed>
								</b>{" "}
								takes nothing since {short(w.attributes.health?.failingSince)}
								<br />
								<span className="second">
									<Typed>{o?.attributes.name}</Typed> ·{" "}
									{count(w.attributes.health?.backlog ?? 0, "message waits", "messages wait")}
								</span>
							</span>
							<Link className="button" data-size="small" href={`/organizations/${idOf(w, "organization")}/webhooks/${w.id}`}>
								Look
							</Link>
						</li>
					);
				})}
			</ul>
		</Section>
	);
}
