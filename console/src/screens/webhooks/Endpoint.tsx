/* One endpoint: its deliveries at the left, and beside them what is open: the endpoint itself, or one delivery. */

import { useState } from "react";
import { Link, useLocation } from "wouter";
import { url } from "../../api/client";
import { related } from "../../api/document";
import type { Delivery, EventAttributes, Webhook } from "../../api/resources";
import { usePages, useRead, useSend } from "../../api/query";
import { useKeys } from "../../frame/keys";
import { copyCurl, usePage } from "../../frame/page";
import { Menu } from "../../parts/menu";
import { Faults, Refused } from "../../parts/failure";
import { Icon } from "../../parts/icons";
import { notify } from "../../parts/live";
import { More } from "../../parts/more";
import { Button, Copy, Ghosts, Section, State, Typed } from "../../parts/small";
import { count, digits, shortId } from "../../words/count";
import { ago, date, milliseconds, short } from "../../words/time";
import { hostOf } from "../organization/Overview";
import { percent } from "../organization/Webhooks";
import type { TabProps } from "../organization/Organization";
import { subjectName } from "../events/Sentence";
import { useQueryState } from "../query-state";
import { healthOf, standing } from "./health";
import Inspector from "./Inspector";
import { Pulse } from "./Pulse";
import { ReplayDialog } from "./Replay";

interface EndpointProps extends TabProps {
	/** Who may not read events is shown deliveries without them. */
	withoutEvents?: boolean;
	webhook: string;
	delivery?: string;
}

const states = ["", "pending", "succeeded", "failed", "cancelled"];

export default function Endpoint(props: EndpointProps) {
	const { id, webhook, delivery, may } = props;
	const request = url(`webhooks/${webhook}`);
	const read = useRead<Webhook>(request);
	const [state, setState] = useQueryState("filter[state]");
	const [, go] = useLocation();
	const list = usePages<Delivery>(
		url("webhookDeliveries", {
			"filter[webhookId]": webhook,
			"filter[state]": state,
			sort: "-createdAt",
			include: props.withoutEvents ? undefined : "event",
			"fields[webhookDeliveries]": "createdAt,eventType,state,attempts,status,errorCode,event",
			"fields[events]": "resource",
			"page[size]": 50,
		}),
		{ keep: true, every: 10_000 },
	);
	const at = `/organizations/${id}/webhooks/${webhook}`;
	const query = state ? `?filter[state]=${state}` : "";
	const index = list.rows.findIndex((d) => d.id === delivery);
	const step = (by: number) => {
		const next = list.rows[index + by];
		if (next) go(`${at}/deliveries/${next.id}${query}`);
	};
	useKeys([
		{ key: "J", label: "Next delivery", act: () => step(1) },
		{ key: "K", label: "Delivery before", act: () => step(-1) },
		{ key: "Escape", label: "Back to the endpoint", act: () => go(at + query) },
	]);
	if (read.error && !read.data)
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
	const w = read.data.data;
	const name = w.attributes.name || (w.attributes.kind === "own" ? "Its own webhook" : hostOf(w.attributes.url));
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
						<Typed>{w.attributes.url}</Typed>
					</div>
					<Pulse webhook={webhook} />
					<label className="row second">
						State
						<select className="input chip-select" value={state} onChange={(e) => setState(e.target.value)}>
							{states.map((s) => (
								<option key={s} value={s}>
									{s || "any"}
								</option>
							))}
						</select>
						{list.total !== undefined && <span className="end quiet">{digits(list.total)}</span>}
					</label>
				</div>
				<ul data-dim={list.isPlaceholderData ? "" : undefined}>
					{list.rows.map((d) => {
						const s = standing(d);
						const told = (related<EventAttributes>({ included: list.included }, d, "event")?.attributes.resource ??
							{}) as Record<string, unknown>;
						return (
							<li key={d.id}>
								<Link
									className="list-row"
									href={`${at}/deliveries/${d.id}${query}`}
									aria-current={d.id === delivery ? "true" : undefined}
								>
									<span className="mono cut">{d.attributes.eventType}</span>
									<span className="second quiet">{short(d.attributes.createdAt)}</span>
									<span className="second cut">
										<Typed>
											{told.type ? subjectName(told, String(d.attributes.eventType).split(".")[0] ?? "") : ""}
										</Typed>
									</span>
									<State is={s.is}>{s.word}</State>
								</Link>
							</li>
						);
					})}
				</ul>
				<div className="listfoot">
					{list.isPending && <Ghosts rows={4} />}
					{!list.isPending && list.rows.length === 0 && (
						<p className="second">
							{state ? (
								<>
									No delivery is {state}.{" "}
									<button className="link" type="button" onClick={() => setState("")}>
										Show all
									</button>
								</>
							) : (
								"Nothing was sent yet."
							)}
						</p>
					)}
					<More list={list} shown={list.rows.length} what="delivery" many="deliveries" />
				</div>
			</section>
			{delivery ? (
				<Inspector
					key={delivery}
					{...props}
					webhook={w}
					name={name}
					delivery={delivery}
					crumbs={[
						{ name: "Webhooks", to: `/organizations/${id}/webhooks` },
						{ name, to: at },
					]}
				/>
			) : (
				<About w={w} name={name} id={id} may={may} etag={read.data.etag} request={request} />
			)}
		</div>
	);
}

interface AboutProps {
	w: Webhook;
	name: string;
	id: string;
	may: (word: string) => boolean;
	etag: string | null;
	request: string;
}

function About({ w, name, id, may, etag, request }: AboutProps) {
	const a = w.attributes;
	const h = a.health;
	const health = healthOf(w);
	const [replaying, setReplaying] = useState(false);
	usePage({ title: name, organization: id, request, crumbs: [{ name: "Webhooks", to: `/organizations/${id}/webhooks` }, { name }] });
	const not = may("webhooks:write") ? false : "It takes webhooks:write here";
	const to = url(`webhooks/${w.id}`);
	const set = useSend();
	const test = useSend(() => notify("A test is on its way: it is the first of the list"));
	const status = (next: string) =>
		set.mutate({ to, method: "PATCH", ifMatch: etag, body: { data: { type: "webhooks", id: w.id, attributes: { status: next } } } });
	return (
		<div className="page stack">
			<div className="row wrap orgtitle">
				<div className="cut">
					<h1>
						<Typed>{name}</Typed>
					</h1>
					<p className="second row wrap">
						<State is={health.is}>{health.word}</State>
						<Copy text={w.id} what="id" shown={shortId(w.id)} />
					</p>
				</div>
				<div className="row end wrap">
					<Button
						kind="main"
						icon="send"
						not={not || (test.isPending && "It is on its way")}
						onClick={() => test.mutate({ to: `${to}/test`, method: "POST" })}
					>
						Send a test
					</Button>
					{a.status === "active" ? (
						<Button icon="pause" not={not} onClick={() => status("paused")}>
							Pause
						</Button>
					) : (
						<Button icon="again" not={not} onClick={() => status("active")}>
							{h?.backlog ? `Enable, and send ${count(h.backlog, "message")}` : "Enable"}
						</Button>
					)}
					<Menu
						label="More actions"
						square
						entries={[
							{ label: "Send failed ones again…", icon: "again", not, act: () => setReplaying(true) },
							{ label: "Copy the request as curl", icon: "copy", key: "C", act: () => void copyCurl(request) },
						]}
					>
						<Icon name="more" />
					</Menu>
				</div>
			</div>
			<Faults error={set.error ?? test.error} />
			<p
				className="notice"
				data-is={health.is === "bad" ? "bad" : health.is === "warn" ? "warn" : health.is === "ok" ? "ok" : undefined}
			>
				<Icon name={health.is === "bad" || health.is === "warn" ? "alert" : health.is === "ok" ? "check" : "pause"} />
				<span>{sentence(w)}</span>
			</p>
			<Section id="numbers" title="How it does">
				<dl className="facts">
					<dt>Good answers</dt>
					<dd>
						{h?.successRate == null ? (
							<span className="quiet">none yet</span>
						) : (
							percent(h.successRate) + ", recent ones weighing most"
						)}
					</dd>
					<dt>Latency</dt>
					<dd>{h?.latency == null ? <span className="quiet">unknown</span> : milliseconds(h.latency)}</dd>
					<dt>Waiting</dt>
					<dd>
						{count(h?.backlog ?? 0, "message")}
						{h?.oldestPending && `, the oldest from ${short(h.oldestPending)}`}
					</dd>
					<dt>Next attempt</dt>
					<dd>{h?.nextAttemptAt ? ago(h.nextAttemptAt) : <span className="quiet">none is due</span>}</dd>
					<dt>Last good answer</dt>
					<dd>{ago(h?.lastSuccessAt)}</dd>
				</dl>
			</Section>
			<Section id="settings" title="What it gets">
				<dl className="facts">
					<dt>Types</dt>
					<dd>
						{a.eventTypes?.length && !a.eventTypes.includes("*") ? (
							<span className="mono">{a.eventTypes.join(", ")}</span>
						) : (
							"everything"
						)}
					</dd>
					<dt>Below as well</dt>
					<dd>{a.subtree ? "yes" : "no"}</dd>
					<dt>Order</dt>
					<dd>
						{a.ordering === "fifo"
							? "one after the other"
							: a.ordering === "per_entity"
								? "one after the other for each resource"
								: "as fast as can be"}
					</dd>
					<dt>Rate</dt>
					<dd>{a.rate ? `${a.rate} a second at most` : "no limit"}</dd>
					<dt>Signed with</dt>
					<dd>{a.algorithm === "v1a" ? "ed25519" : "HMAC-SHA256"}</dd>
					<dt>Made</dt>
					<dd>{date(a.createdAt)}</dd>
				</dl>
			</Section>
			{replaying && <ReplayDialog webhook={w} name={name} close={() => setReplaying(false)} />}
		</div>
	);
}

function sentence(w: Webhook): string {
	const h = w.attributes.health;
	if (w.attributes.status !== "active") {
		return `Nothing is sent. What happens meanwhile is kept${h?.backlog ? `: ${count(h.backlog, "message waits", "messages wait")}` : ""}, and goes out when it is enabled.`;
	}
	if (h?.failingSince) {
		const waits = h.backlog ? ` ${count(h.backlog, "message waits", "messages wait")}; nothing is lost.` : "";
		const next = h.nextAttemptAt ? ` The next attempt is ${ago(h.nextAttemptAt)}.` : "";
		return `It has taken nothing since ${short(h.failingSince)}, ${count(h.consecutiveFailures ?? 0, "attempt")} in a row.${waits}${next}`;
	}
	if (h?.state === "probation") return "It failed lately or is slow, so it gets fewer messages at once until it answers well again.";
	if (!h?.lastSuccessAt) return "Nothing was sent to it yet. Send a test to see whether it answers.";
	return `It answers: the last good answer came ${ago(h.lastSuccessAt)}.`;
}
