/* What was sent to all endpoints of a portal, newest first. */

import { useState } from "react";
import { Link } from "wouter";
import { url } from "../../api/client";
import { idOf, related } from "../../api/document";
import type { Delivery, WebhookAttributes } from "../../api/resources";
import { usePages } from "../../api/pages";
import { useSend } from "../../api/query";
import { usePage } from "../../frame/page";
import { Faults, Refused } from "../../parts/failure";
import { notify } from "../../parts/live";
import { More } from "../../parts/more";
import { Rows, Table } from "../../parts/rows";
import { Button, Empty, Ghosts, State, Typed } from "../../parts/small";
import { count } from "../../words/count";
import { short } from "../../words/time";
import { endpointName } from "../../words/host";
import { useQueryState } from "../query-state";
import { standing } from "../webhooks/health";

interface DeliveriesProps {
	organization: string;
	/** Whether endpoints are seen as well: then a row leads to its delivery, with the endpoint beside it. */
	endpoints: boolean;
	/** Whether what was sent can be sent again from here. */
	send: boolean;
}

export default function Deliveries({ organization, endpoints, send }: DeliveriesProps) {
	const [state, setState] = useQueryState("filter[state]");
	const request = url("webhookDeliveries", {
		"filter[state]": state,
		sort: "-createdAt",
		include: endpoints ? "webhook" : undefined,
		"fields[webhooks]": "name,url,kind",
		"fields[webhookDeliveries]": "createdAt,eventType,state,attempts,status,errorCode,webhook",
		"page[size]": 50,
	});
	const list = usePages<Delivery>(request, { keep: true, every: 10_000 });
	usePage({ title: "Deliveries", crumbs: [], request });
	const again = useSend(() => notify("It is being sent again"));
	const [sending, setSending] = useState("");
	return (
		<div className="page stack gap4">
			<h1>Deliveries</h1>
			<div className="row wrap" role="group" aria-label="Filters">
				<div className="segments" role="group" aria-label="State">
					{["", "pending", "succeeded", "failed", "cancelled"].map((s) => (
						<button key={s} type="button" aria-pressed={state === s} onClick={() => setState(s)}>
							{s ? s[0]?.toUpperCase() + s.slice(1) : "All"}
						</button>
					))}
				</div>
				{list.total !== undefined && <span className="second quiet end">{count(list.total, "delivery", "deliveries")}</span>}
			</div>
			<Faults error={again.error} />
			{list.isPending && <Ghosts rows={8} />}
			{list.error && list.rows.length === 0 && <Refused error={list.error} again={() => void list.refetch()} />}
			{!list.isPending && !list.error && list.rows.length === 0 && (
				<Empty title={state ? `No delivery is ${state}` : "Nothing was sent yet"}>
					{state ? "Choose another state." : "An endpoint is told of changes as they happen."}
				</Empty>
			)}
			{list.rows.length > 0 && (
				<Table list={list} folds="kind">
					<thead>
						<tr>
							<th scope="col">Event</th>
							{endpoints && <th scope="col">Endpoint</th>}
							<th scope="col">State</th>
							<th scope="col">When</th>
							{!endpoints && send && (
								<th scope="col">
									<span className="only-read">Actions</span>
								</th>
							)}
						</tr>
					</thead>
					<Rows list={list}>
						{(d) => {
							const w = related<WebhookAttributes>({ included: list.included }, d, "webhook");
							const s = standing(d);
							return (
								<tr>
									<td>
										{endpoints ? (
											<Link
												className="name mono"
												href={`/organizations/${organization}/webhooks/${idOf(d, "webhook")}/deliveries/${d.id}`}
											>
												{d.attributes.eventType}
											</Link>
										) : (
											<span className="mono">{d.attributes.eventType}</span>
										)}
									</td>
									{endpoints && (
										<td data-fold="under">
											<Typed>{endpointName(w?.attributes)}</Typed>
										</td>
									)}
									<td data-fold="end">
										<State is={s.is}>{s.word}</State>
									</td>
									<td className="second nowrap" data-fold="no">
										{short(d.attributes.createdAt)}
									</td>
									{!endpoints && send && (
										<td className="actions">
											<Button
												small
												not={again.isPending && sending === d.id && "It is on its way"}
												onClick={() => {
													setSending(d.id);
													again.mutate({ to: url(`webhookDeliveries/${d.id}/redeliver`), method: "POST" });
												}}
											>
												Send again
											</Button>
										</td>
									)}
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
