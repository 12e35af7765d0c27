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
import { SendAnyway } from "../webhooks/SendAnyway";
import { closely, useSoon } from "../webhooks/soon";
import { deliveryStates, DeliveryTable, pathOf } from "../webhooks/DeliveryTable";
import { asWords, Segments } from "../../parts/choices";
import { t } from "../../words/message";

interface DeliveriesProps {
	organization: string;
	/** Whether endpoints are seen as well: then a row leads to its delivery, with the endpoint beside it. */
	endpoints: boolean;
	/** Whether what was sent can be sent again from here. */
	sends: boolean;
}

export default function Deliveries({ organization, endpoints, sends }: DeliveriesProps) {
	const [state, setState] = useQueryState("filter[state]");
	const request = url("webhookDeliveries", {
		"filter[state]": state,
		sort: "-createdAt",
		include: endpoints ? "webhook" : undefined,
		"fields[webhooks]": "name,url,kind",
		"fields[webhookDeliveries]": "createdAt,eventType,state,trigger,attempts,status,errorCode,endpointStatus,webhook",
		"page[size]": 50,
	});
	const [soon, sent] = useSoon();
	const list = usePages<Delivery>(request, { keep: true, every: soon ? closely : 10_000 });
	usePage({ title: t("common.deliveries"), crumbs: [], request });
	const send = useSend(() => {
		notify(t("common.itIsBeingSentAgain"));
		sent();
	});
	const [sending, setSending] = useState("");
	const [asks, setAsks] = useState<Delivery | null>(null);
	const again = (d: Delivery) => {
		setAsks(null);
		setSending(d.id);
		send.mutate({ to: url(`webhookDeliveries/${d.id}/redeliver`), method: "POST" });
	};
	const action = (d: Delivery) => (
		<Button
			small
			not={send.isPending && sending === d.id && t("common.itIsOnItsWay")}
			onClick={() => (d.attributes.state === "succeeded" ? setAsks(d) : again(d))}
		>
			{t("common.sendAgain")}
		</Button>
	);
	return (
		<div className="page stack gap4">
			<h1>{t("common.deliveries")}</h1>
			<div className="row wrap" role="group" aria-label={t("common.filters")}>
				<Segments label={t("common.state")} of={asWords(deliveryStates)} value={state} choose={setState} />
				{Boolean(list.total) && <span className="second quiet end">{t("common.totalDelivery", { total: list.total })}</span>}
			</div>
			<Faults error={send.error} />
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
					action={!endpoints && sends ? action : undefined}
				/>
			</Listing>
			{asks && <SendAnyway send={() => again(asks)} close={() => setAsks(null)} />}
		</div>
	);
}
