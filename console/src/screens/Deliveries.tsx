/* Deliveries of all endpoints that one may see, those first that fail. */

import { Link, useSearchParams } from "wouter";
import { url } from "../api/client";
import { idOf, related } from "../api/document";
import type { Delivery, OrganizationAttributes, Webhook, WebhookAttributes } from "../api/resources";
import { usePages } from "../api/pages";
import { useRead } from "../api/query";
import { usePage } from "../frame/page";
import { Export } from "../parts/export";
import { Refused } from "../parts/failure";
import { More } from "../parts/more";
import { Rows, Table } from "../parts/rows";
import { Empty, Ghosts, Section, State, Typed } from "../parts/small";
import { count } from "../words/count";
import { short } from "../words/time";
import type { ScreenProps } from "../Console";
import { endpointName } from "../words/host";
import { useQueryState } from "./query-state";
import { UnlessWithheld } from "./withheld";
import { healthOf, standing } from "./webhooks/health";

export default function Deliveries(_: ScreenProps) {
	const [state, setState] = useQueryState("filter[state]");
	const [query, setQuery] = useSearchParams();
	const event = query.get("filter[eventId]") ?? "";
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
	const doc = { included: list.included };
	return (
		<div className="page stack gap4">
			<div>
				<h1>Deliveries</h1>
				<p className="second">What was sent to endpoints, and what will be. Newest first.</p>
			</div>
			<FailingEndpoints />
			<div className="row wrap" role="group" aria-label="Filters">
				<div className="segments" role="group" aria-label="State">
					{["", "pending", "succeeded", "failed", "cancelled"].map((s) => (
						<button key={s} type="button" aria-pressed={state === s} onClick={() => setState(s)}>
							{s ? s[0]?.toUpperCase() + s.slice(1) : "All"}
						</button>
					))}
				</div>
				{event && (
					<button
						className="chip"
						type="button"
						data-on=""
						aria-label="Clear the filter of one event"
						onClick={() =>
							setQuery((now) => {
								const next = new URLSearchParams(now);
								next.delete("filter[eventId]");
								return next;
							})
						}
					>
						Event <b className="mono">{event.slice(0, 8)}</b> ×
					</button>
				)}
				{list.total !== undefined && <span className="second quiet end">{count(list.total, "delivery", "deliveries")}</span>}
				<Export of={request} what="delivery" many="deliveries" />
			</div>
			{list.isPending && <Ghosts rows={8} />}
			{list.error && list.rows.length === 0 && <Refused error={list.error} again={() => void list.refetch()} />}
			{!list.isPending && !list.error && list.rows.length === 0 && (
				<UnlessWithheld word="webhooks:read" what="deliveries">
					<Empty title={state ? `No delivery is ${state}` : "Nothing was sent yet"}>
						{state
							? "Choose another state."
							: "An organization that has an endpoint is told of its changes: open its tab Webhooks."}
					</Empty>
				</UnlessWithheld>
			)}
			{list.rows.length > 0 && (
				<Table list={list} folds="kind">
					<thead>
						<tr>
							<th scope="col">Event</th>
							<th scope="col">Endpoint</th>
							<th scope="col">Organization</th>
							<th scope="col">State</th>
							<th scope="col">When</th>
						</tr>
					</thead>
					<Rows list={list}>
						{(d) => {
							const w = related<WebhookAttributes>(doc, d, "webhook");
							const o = related<OrganizationAttributes>(doc, d, "organization");
							const s = standing(d);
							const name = endpointName(w?.attributes);
							return (
								<tr>
									<td>
										<Link
											className="name mono"
											href={`/organizations/${idOf(d, "organization")}/webhooks/${idOf(d, "webhook")}/deliveries/${d.id}`}
										>
											{d.attributes.eventType}
										</Link>
									</td>
									<td data-fold="under">
										<Typed>{name}</Typed>
									</td>
									<td className="second" data-fold="no">
										<Typed>{o?.attributes.name}</Typed>
									</td>
									<td data-fold="end">
										<State is={s.is}>{s.word}</State>
									</td>
									<td className="second nowrap" data-fold="no">
										{short(d.attributes.createdAt)}
									</td>
								</tr>
							);
						}}
					</Rows>
				</Table>
			)}
			<More list={list} what="list.deliveries" />
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
