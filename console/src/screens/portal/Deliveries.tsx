/* What was sent to all endpoints of a portal, newest first. */

import { useState } from "react";
import { url } from "../../api/client";
import type { Delivery } from "../../api/resources";
import { usePages } from "../../api/pages";
import { useSend } from "../../api/query";
import { usePage } from "../../frame/page";
import { Faults } from "../../parts/failure";
import { notify } from "../../parts/live";
import { Button, Empty } from "../../parts/small";
import { Listing } from "../../parts/listing";
import { useQueryState } from "../query-state";
import { deliveryStates, DeliveryTable, pathOf } from "../webhooks/DeliveryTable";
import { asWords, Segments } from "../../parts/choices";
import { t } from "../../words/message";

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
	usePage({ title: t("common.deliveries"), crumbs: [], request });
	const again = useSend(() => notify(t("common.itIsBeingSentAgain")));
	const [sending, setSending] = useState("");
	return (
		<div className="page stack gap4">
			<h1>{t("common.deliveries")}</h1>
			<div className="row wrap" role="group" aria-label={t("common.filters")}>
				<Segments label={t("common.state")} of={asWords(deliveryStates)} value={state} choose={setState} />
				{list.total !== undefined && <span className="second quiet end">{t("common.totalDelivery", { total: list.total })}</span>}
			</div>
			<Faults error={again.error} />
			<Listing
				list={list}
				ghosts={8}
				what="list.deliveries"
				empty={
					<Empty title={state ? t("common.noDeliveryIs", { state }) : t("common.nothingWasSentYet")}>
						{state ? t("common.chooseAnotherState") : t("portal.deliveries.anEndpointIsToldOf")}
					</Empty>
				}
			>
				<DeliveryTable
					list={list}
					to={endpoints ? (d) => pathOf(d, organization) : undefined}
					action={
						!endpoints && send
							? (d) => (
									<Button
										small
										not={again.isPending && sending === d.id && t("common.itIsOnItsWay")}
										onClick={() => {
											setSending(d.id);
											again.mutate({ to: url(`webhookDeliveries/${d.id}/redeliver`), method: "POST" });
										}}
									>
										{t("common.sendAgain")}
									</Button>
								)
							: undefined
					}
				/>
			</Listing>
		</div>
	);
}
