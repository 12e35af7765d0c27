/* Sending again what an endpoint did not take, or has lost: how much there is, then how far it has come, with a way to stop it. */

import { all } from "../../words/count";
import { useState } from "react";
import { url } from "../../api/client";
import { totalOf, type Resource } from "../../api/document";
import type { Delivery, Webhook } from "../../api/resources";
import type { components } from "../../api/schema";
import { useRead, useSend } from "../../api/query";
import { Dialog, FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Choice, Field } from "../../parts/field";
import { Button, Section, Typed } from "../../parts/small";
import { ago, short } from "../../words/time";
import { rich, t } from "../../words/message";

const hour = 3_600_000;

type Replay = Resource<components["schemas"]["WebhookReplayAttributes"]>;

const kinds = [
	{ value: "failed", label: t("webhooks.replay.whatFailed") },
	{ value: "events", label: t("webhooks.replay.everythingThatItDidNot") },
	{ value: "all", label: t("webhooks.replay.everythingAlsoWhatItTook") },
];

export function ReplayDialog({ webhook, name, close }: { webhook: Webhook; name: string; close: () => void }) {
	const since = webhook.attributes.health?.failingSince;
	const [kind, setKind] = useState("failed");
	const [span, setSpan] = useState(since ?? back(24));
	const [typed, setTyped] = useState(() => local(back(24)));
	const [begun, setBegun] = useState<string | null>(null);
	const from = span === "typed" ? (typed ? new Date(typed).toISOString() : "") : span;
	const failed = useRead<Delivery[]>(
		kind === "failed" && from
			? url("webhookDeliveries", {
					"filter[webhookId]": webhook.id,
					"filter[state]": "failed",
					"filter[createdAt][gte]": from,
					"fields[webhookDeliveries]": "state",
					"page[size]": 1,
				})
			: null,
		{ keep: true },
	);
	const total = kind === "failed" ? totalOf(failed.data) : undefined;
	const send = useSend<Replay>((a) => setBegun(a.data.id));
	const not = !from ? t("webhooks.replay.chooseATime") : total === 0 && t("webhooks.replay.noneHasFailedInThat");
	const submit = () =>
		send.mutate({
			to: url("webhookReplays"),
			method: "POST",
			body: {
				data: {
					type: "webhookReplays",
					attributes: {
						kind: kind === "all" ? "events" : kind,
						since: from,
						...(kind === "all" ? { includeDelivered: true } : {}),
					},
					relationships: { webhook: { data: { type: "webhooks", id: webhook.id } } },
				},
			},
		});
	if (begun) {
		return (
			<Dialog
				title={t("webhooks.replay.beingSentAgain")}
				intro={t("webhooks.replay.itGoesOnWhenThis")}
				close={close}
				foot={
					<div className="dialog-foot">
						<Button kind="main" onClick={close}>
							{t("common.close")}
						</Button>
					</div>
				}
			>
				<div className="dialog-body">
					<Progress id={begun} not={false} />
				</div>
			</Dialog>
		);
	}
	const options = [
		...(since ? [{ value: since, label: t("webhooks.replay.sinceItFails", { when: short(since) }) }] : []),
		{ value: back(1), label: t("webhooks.replay.ofTheLastHour") },
		{ value: back(24), label: t("webhooks.replay.ofTheLastDay") },
		{ value: back(24 * 7), label: t("webhooks.replay.ofTheLastWeek") },
		{ value: back(24 * 30), label: t("webhooks.replay.ofTheLast30Days") },
		{ value: "typed", label: t("webhooks.replay.sinceATime") },
	];
	return (
		<FormDialog
			title={t("common.sendAgain")}
			intro={rich("webhooks.replay.toWithTheOldWebhook", { name: <Typed>{name}</Typed> })}
			close={close}
			submit={submit}
			act={total === undefined ? t("common.sendAgain") : t("webhooks.replay.sendAgain", { total })}
			not={not}
			busy={send.isPending}
			error={send.error}
		>
			<Choice
				label={t("webhooks.replay.what")}
				value={kind}
				onChange={setKind}
				options={kinds}
				hint={
					kind === "events"
						? t("webhooks.replay.everyEventThatItIs")
						: kind === "all"
							? t("webhooks.replay.forAReceiverThatHas")
							: undefined
				}
			/>
			<Choice
				label={t("webhooks.replay.which")}
				value={span}
				onChange={setSpan}
				options={options}
				hint={
					total === undefined
						? undefined
						: total === 0
							? t("webhooks.replay.noneHasFailedInThat2")
							: t("webhooks.replay.totalDeliveryHas", { total })
				}
			/>
			{span === "typed" && (
				<Field label={t("common.since")} type="datetime-local" value={typed} onChange={(e) => setTyped(e.target.value)} />
			)}
		</FormDialog>
	);
}

/** Shows the replays of an endpoint that are under way. */
export function Replays({ webhook, not }: { webhook: string; not: string | false }) {
	const { data } = useRead<Replay[]>(
		url("webhookReplays", {
			"filter[webhookId]": webhook,
			"filter[state][match]": "running,paused",
			sort: "-createdAt",
			"fields[webhookReplays]": "state",
			"page[size]": 5,
		}),
		{ every: 10_000 },
	);
	if (!data?.data.length) return null;
	return (
		<Section id="replays" title={t("webhooks.replay.beingSentAgain")} card>
			<div className="body stack gap4">
				{data.data.map((r) => (
					<Progress key={r.id} id={r.id} not={not} />
				))}
			</div>
		</Section>
	);
}

function Progress({ id, not }: { id: string; not: string | false }) {
	const to = url(`webhookReplays/${id}`);
	const read = useRead<Replay>(to, { every: 2000 });
	const set = useSend();
	const r = read.data?.data.attributes;
	if (!r) return null;
	const become = (state: string) =>
		set.mutate({ to, method: "PATCH", body: { data: { type: "webhookReplays", id, attributes: { state } } } });
	const begin = new Date(r.since ?? 0).getTime();
	const end = new Date(r.until ?? Date.now()).getTime();
	const at = r.reachedAt ? new Date(r.reachedAt).getTime() : begin;
	const done = r.state === "done" ? 1 : Math.min(Math.max((at - begin) / Math.max(end - begin, 1), 0), 1);
	const o = r.outcome;
	const became = o && [
		o.succeeded ? t("webhooks.replay.delivered", { succeeded: o.succeeded }) : "",
		o.pending ? t("webhooks.replay.onTheirWay", { pending: o.pending }) : "",
		o.failed ? t("webhooks.replay.failed", { failed: o.failed }) : "",
		o.cancelled ? t("webhooks.replay.cancelled", { cancelled: o.cancelled }) : "",
	];
	return (
		<div className="stack tight" role="group" aria-label={t("webhooks.replay.aReplay")}>
			<div className="row wrap">
				<b>
					{
						{
							running: t("webhooks.replay.lookingThrough"),
							paused: t("common.paused"),
							done: t("webhooks.replay.allLookedThrough"),
							cancelled: t("webhooks.replay.cancelled2"),
						}[r.state ?? "running"]
					}
				</b>
				<span className="second">
					{r.kind === "failed"
						? t("webhooks.replay.whatFailedSince", { when: short(r.since) })
						: t("webhooks.replay.eventsSince", { when: short(r.since) })}
				</span>
				<span className="row end">
					{r.state === "running" && (
						<Button small icon="pause" not={not} onClick={() => become("paused")}>
							{t("common.pause")}
						</Button>
					)}
					{r.state === "paused" && (
						<Button small icon="again" not={not} onClick={() => become("running")}>
							{t("webhooks.replay.goOn")}
						</Button>
					)}
					{(r.state === "running" || r.state === "paused") && (
						<Button small kind="danger" not={not} onClick={() => become("cancelled")}>
							{t("common.cancel")}
						</Button>
					)}
				</span>
			</div>
			<progress className="progress" max={1} value={done} aria-label={t("webhooks.replay.howFarItHasCome")} />
			<p className="second" role="status">
				{became?.some(Boolean)
					? r.finishedAt
						? t("webhooks.replay.queuedMessage", {
								queued: r.queued ?? 0,
								examined: r.examined ?? 0,
								join: all(became.filter((b) => typeof b === "string")),
								when: ago(r.finishedAt),
							})
						: t("webhooks.replay.queuedMessage2", {
								queued: r.queued ?? 0,
								examined: r.examined ?? 0,
								join: all(became.filter((b) => typeof b === "string")),
							})
					: r.finishedAt
						? t("webhooks.replay.queuedMessage3", {
								queued: r.queued ?? 0,
								examined: r.examined ?? 0,
								when: ago(r.finishedAt),
							})
						: t("webhooks.replay.queuedMessage4", { queued: r.queued ?? 0, examined: r.examined ?? 0 })}
			</p>
			<Faults error={set.error} />
		</div>
	);
}

/** Returns a time so many hours ago, the same within a minute. */
function back(hours: number): string {
	return new Date(Math.floor(Date.now() / 60_000) * 60_000 - hours * hour).toISOString();
}

/** Returns a time as a field of the browser has it: that of the clock here, without a zone. */
function local(at: string): string {
	const d = new Date(at);
	return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
