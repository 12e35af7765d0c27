/* One endpoint: its deliveries at the left, and beside them what is open: the endpoint itself, or one delivery. */

import "../../styles/reading.css";
import { useState, useSyncExternalStore } from "react";
import { Link, useLocation } from "wouter";
import { url } from "../../api/client";
import { related } from "../../api/document";
import type { Delivery, EventAttributes, Webhook } from "../../api/resources";
import { usePages } from "../../api/pages";
import { useRead } from "../../api/query";
import { useKeys } from "../../frame/keys";
import { lost, Refused } from "../../parts/failure";
import { More } from "../../parts/more";
import { List, whole } from "../../parts/rows";
import { Address, Button, Ghosts, State, Typed } from "../../parts/small";
import { short } from "../../words/time";
import { endpointName } from "../../words/host";
import type { TabProps } from "../organization/Organization";
import { subjectName } from "../events/Sentence";
import { useQueryState } from "../query-state";
import { healthOf, isExample, standing } from "./health";
import { About } from "./About";
import Inspector from "./Inspector";
import { Pulse } from "./Pulse";
import { closely, useSoon } from "./soon";
import { deliveryStates } from "./DeliveryTable";
import { t } from "../../words/message";

/** Whether all is one column, as in reading.css. */
const narrow = matchMedia("(max-width: 60rem)");
function useNarrow(): boolean {
	return useSyncExternalStore(
		(tell) => {
			narrow.addEventListener("change", tell);
			return () => narrow.removeEventListener("change", tell);
		},
		() => narrow.matches,
	);
}

/** So many deliveries stand before the settings where all is one column: first those that did not arrive. */
const few = 8;

interface EndpointProps extends TabProps {
	/** Who may not read events is shown deliveries without them. */
	withoutEvents?: boolean;
	webhook: string;
	delivery?: string;
}

export default function Endpoint(props: EndpointProps) {
	const { id, webhook, delivery, may } = props;
	const request = url(`webhooks/${webhook}`);
	const [soon, sent] = useSoon();
	const read = useRead<Webhook>(request, { every: soon ? closely : undefined });
	const [state, setState] = useQueryState("filter[state]");
	const [, go] = useLocation();
	const deliveries = (filter: Record<string, string>, size: number) =>
		url("webhookDeliveries", {
			"filter[webhookId]": webhook,
			...filter,
			sort: "-createdAt",
			include: props.withoutEvents ? undefined : "event",
			"fields[webhookDeliveries]": "createdAt,eventType,state,trigger,attempts,status,errorCode,endpointStatus,event",
			"fields[events]": "eventType,resource",
			"page[size]": size,
		});
	const every = soon ? closely : 10_000;
	const list = usePages<Delivery>(deliveries({ "filter[state]": state }, 50), { keep: true, every });
	const [all, setAll] = useState(false);
	const abridged = useNarrow() && !all && list.rows.length > few;
	// Those that did not arrive may be older than what is loaded.
	const lacking = usePages<Delivery>(abridged && !state ? deliveries({ "filter[state][match]": "failed,pending" }, few) : null, {
		every,
	});
	const at = `/organizations/${id}/webhooks/${webhook}`;
	const query = state ? `?filter[state]=${state}` : "";
	const index = list.rows.findIndex((d) => d.id === delivery);
	const step = (by: number) => {
		const next = list.rows[index + by];
		if (next) go(`${at}/deliveries/${next.id}${query}`);
	};
	useKeys([
		{ key: "J", label: t("webhooks.endpoint.nextDelivery"), act: () => step(1) },
		{ key: "K", label: t("webhooks.endpoint.deliveryBefore"), act: () => step(-1) },
		{ key: "Escape", label: t("webhooks.endpoint.backToTheEndpoint"), act: () => go(at + query) },
	]);
	if (lost(read))
		return (
			<div className="page">
				<Refused error={read.error} again={() => void read.refetch()} />
			</div>
		);
	if (!read.data)
		return (
			<div className="page">
				<Ghosts />
			</div>
		);
	const w = withAnswer(read.data.data, list.rows);
	const name = endpointName(w.attributes);
	const included = [...list.included, ...lacking.included];
	const health = healthOf(w);
	return (
		<div className="split" data-open={delivery ? "delivery" : "endpoint"}>
			<section className="list" aria-labelledby="ll">
				<div className="stack gap3 listhead">
					<div className="row">
						<h2 id="ll" className="cut">
							<Link className="plain" href={at + query}>
								<Typed>{name}</Typed>
							</Link>
						</h2>
						<span className="end nowrap">
							<State is={health.is}>{health.word}</State>
						</span>
					</div>
					<div className="mono second cut">
						<Address>{w.attributes.url}</Address>
					</div>
					<Pulse webhook={webhook} />
					<label className="row second">
						{t("common.state")}
						<select className="input chip-select" value={state} onChange={(e) => setState(e.target.value)}>
							{deliveryStates.map((s) => (
								<option key={s} value={s}>
									{s || t("common.any")}
								</option>
							))}
						</select>
						{Boolean(list.total) && <span className="end quiet">{t("common.totalDelivery", { total: list.total })}</span>}
					</label>
				</div>
				<List list={abridged ? whole(failingFirst(lacking.rows, list.rows), (d) => d.id, list) : list} height={59}>
					{(d) => {
						const s = standing(d);
						const event = related<EventAttributes>({ included }, d, "event");
						const told = (event?.attributes.resource ?? {}) as Record<string, unknown>;
						const about = told.type ? subjectName(told, String(d.attributes.eventType).split(".")[0] ?? "") : "";
						return (
							<li>
								<Link
									className="list-row"
									href={`${at}/deliveries/${d.id}${query}`}
									aria-current={d.id === delivery ? "true" : undefined}
								>
									<span className="mono cut">{d.attributes.eventType}</span>
									<span className="second quiet">{short(d.attributes.createdAt)}</span>
									<span className="second cut">
										{isExample(d, event) ? t("webhooks.endpoint.anExample") : <Typed>{about}</Typed>}
									</span>
									<State is={s.is}>{s.word}</State>
								</Link>
							</li>
						);
					}}
				</List>
				<div className="listfoot">
					{list.isPending && <Ghosts rows={4} />}
					{!list.isPending && list.rows.length === 0 && (
						<p className="second">
							{state ? (
								<>
									{t("webhooks.endpoint.noDeliveryIs", { state })}{" "}
									<button className="link" type="button" onClick={() => setState("")}>
										{t("common.showAll")}
									</button>
								</>
							) : (
								t("webhooks.endpoint.nothingWasSentYet")
							)}
						</p>
					)}
					{abridged ? (
						<Button onClick={() => setAll(true)}>{t("common.showAll")}</Button>
					) : (
						<More list={list} what="list.deliveries" />
					)}
				</div>
			</section>
			{delivery ? (
				<Inspector
					key={delivery}
					{...props}
					webhook={w}
					name={name}
					delivery={delivery}
					soon={soon}
					sent={sent}
					crumbs={[
						{ name: t("common.webhooks"), to: `/organizations/${id}/webhooks` },
						{ name, to: at },
					]}
				/>
			) : (
				<About answer={{ ...read.data, data: w }} name={name} id={id} may={may} request={request} sent={sent} />
			)}
		</div>
	);
}

/** Returns the few that stand first where there is little room: those that did not arrive, also old ones, and then what is new. */
function failingFirst(lacking: Delivery[], newest: Delivery[]): Delivery[] {
	const arrived = (d: Delivery) => Number(standing(d).is !== "bad" && standing(d).is !== "warn");
	const known = new Set(newest.map((d) => d.id));
	const rows = [...newest, ...lacking.filter((d) => !known.has(d.id))];
	return rows.toSorted((a, b) => arrived(a) - arrived(b)).slice(0, few);
}

/** Returns an endpoint with its first good answer, if a delivery tells of it: how an endpoint does is written down from time to time alone. */
function withAnswer(w: Webhook, deliveries: Delivery[]): Webhook {
	const { health } = w.attributes;
	const answered = deliveries.find((d) => d.attributes.state === "succeeded");
	if (health?.lastSuccessAt || !answered) return w;
	const told = { ...health, lastSuccessAt: answered.attributes.createdAt } as NonNullable<typeof health>;
	return { ...w, attributes: { ...w.attributes, health: told } };
}
