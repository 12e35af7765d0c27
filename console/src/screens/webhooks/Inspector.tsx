/* One delivery: what became of it in words, its tries, and each attempt to the last byte. */

import "../../styles/reading.css";
import "../../styles/making.css";
import { useState } from "react";
import { url } from "../../api/client";
import { related } from "../../api/document";
import type { Attempt, Delivery, EventAttributes, Webhook } from "../../api/resources";
import { useRead, useSend } from "../../api/query";
import { useKeys } from "../../frame/keys";
import { copyCurl, usePage, type Crumb } from "../../frame/page";
import { Menu } from "../../parts/menu";
import { Faults, lost, Refused } from "../../parts/failure";
import { Icon } from "../../parts/icons";
import { notify } from "../../parts/live";
import { Button, Copy, Dot, Ghosts, State, Typed } from "../../parts/small";
import { all, shortId, visible } from "../../words/count";
import { ago, clock, date, due, exact, milliseconds } from "../../words/time";
import type { TabProps } from "../organization/Organization";
import { useQueryState } from "../query-state";
import type { Secret } from "../rotation/Overlap";
import { advice, isExample, statusLine } from "./health";
import { Answer, RequestCard } from "./exchange";
import { ReplayDialog } from "./Replay";
import { Segments } from "../../parts/choices";
import { useEndpointRights } from "./rights";
import { closely } from "./soon";
import { SendAnyway } from "./SendAnyway";
import { rich, t } from "../../words/message";

interface InspectorProps extends Omit<TabProps, "answer"> {
	webhook: Webhook;
	name: string;
	delivery: string;
	crumbs: Crumb[];
	withoutEvents?: boolean;
	/** Whether something was sent by hand just now, and what says so. */
	soon: boolean;
	sent: () => void;
}

export interface Entry {
	number: number;
	startedAt: string;
	address?: string | null;
	protocol?: string | null;
	reusedConnection?: boolean;
	timings: { dns: number; connect: number; tls: number; sent: number; firstByte: number; total: number };
	status?: number | null;
	errorCode?: string | null;
	detail?: string | null;
	/** The ids of the secrets that signed it. */
	signedWith?: string[] | null;
	response?: { head?: string | null };
}

/** The waits before each attempt when the endpoint has no schedule of its own. */
const usualSchedule = ["0s", "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"];

export default function Inspector({ id, webhook, name, delivery, crumbs, may, withoutEvents, soon, sent }: InspectorProps) {
	const request = url(`webhookDeliveries/${delivery}`, { include: withoutEvents ? undefined : "event" });
	const [pending, setPending] = useState(false);
	const read = useRead<Delivery>(request, { every: soon ? closely : pending ? 5000 : 30_000 });
	const [chosen, choose] = useQueryState("attempt");
	const [over, setOver] = useState<"again" | "replay" | null>(null);
	const d = read.data?.data;
	const waits = d?.attributes.state === "pending";
	if (d && waits !== pending) setPending(waits);
	const history = (d?.attributes.history ?? []) as unknown as Entry[];
	const number = Number(chosen) || history.at(-1)?.number;
	const attempt = history.find((h) => h.number === number);
	const type = d?.attributes.eventType ?? "";
	usePage({
		title: d ? t("webhooks.inspector.to", { type, name }) : name,
		organization: id,
		request,
		crumbs: [...crumbs, { name: type || "…" }],
	});
	const send = useSend(() => {
		notify(t("common.itIsBeingSentAgain"));
		sent();
	});
	const again = () => send.mutate({ to: url(`webhookDeliveries/${delivery}/redeliver`), method: "POST" });
	const { send: not } = useEndpointRights(webhook, may);
	const sendAgain = () => (d?.attributes.state === "succeeded" ? setOver("again") : again());
	useKeys(not || !d ? [] : [{ key: "R", label: t("common.sendAgain"), act: sendAgain }]);
	if (lost(read))
		return (
			<div className="page">
				<Refused error={read.error} again={() => void read.refetch()} />
			</div>
		);
	if (!d)
		return (
			<div className="page">
				<Ghosts rows={8} />
			</div>
		);
	const event = related<EventAttributes>(read.data, d, "event");
	const example = isExample(d, event);
	const about = example ? t("webhooks.endpoint.anExample") : event?.attributes.subjectName;
	return (
		<div className="page stack">
			<div className="row wrap">
				<div className="cut">
					<h1 className="mono">{type}</h1>
					<p className="second row wrap">
						{about && (
							<>
								<span>
									<Typed>{about}</Typed>
								</span>
								<Dot />
							</>
						)}
						{!example && event?.attributes.sequence != null && (
							<>
								<span>{t("webhooks.inspector.sequence", { sequence: event.attributes.sequence })}</span>
								<Dot />
							</>
						)}
						{event && <Copy text={event.id} what={t("webhooks.inspector.webhookId")} shown={shortId(event.id)} />}
					</p>
				</div>
				<div className="row end wrap">
					<Button kind="main" icon="again" not={not || (send.isPending && t("common.itIsOnItsWay"))} onClick={sendAgain}>
						{t("common.sendAgain")}
					</Button>
					<Button not={not} onClick={() => setOver("replay")}>
						{t("webhooks.inspector.allFailed")}
					</Button>
					<Menu
						label={t("common.moreActions")}
						square
						entries={[
							...(event
								? [{ label: t("webhooks.inspector.theEvent"), icon: "clock" as const, to: `/events/${event.id}` }]
								: []),
							{ label: t("common.copyTheRequestAsCurl"), icon: "copy", key: "C", act: () => void copyCurl(request) },
						]}
					>
						<Icon name="more" />
					</Menu>
				</div>
			</div>
			<Faults error={send.error} />
			<Verdict d={d} history={history} />
			<Tries d={d} history={history} schedule={webhook.attributes.schedule ?? usualSchedule} />
			{attempt && (
				<AttemptView
					delivery={delivery}
					attempt={attempt}
					history={history}
					choose={(n) => choose(String(n))}
					secrets={(webhook.attributes.secrets ?? []) as Omit<Secret, "what">[]}
				/>
			)}
			{over === "again" && (
				<SendAnyway
					close={() => setOver(null)}
					send={() => {
						setOver(null);
						again();
					}}
				/>
			)}
			{over === "replay" && <ReplayDialog webhook={webhook} name={name} close={() => setOver(null)} />}
		</div>
	);
}

function Verdict({ d, history }: { d: Delivery; history: Entry[] }) {
	const a = d.attributes;
	const last = history.at(-1);
	if (a.state === "succeeded") {
		return (
			<p className="notice" data-is="ok">
				<Icon name="check" />
				<span>
					{rich(history.length > 1 ? "webhooks.inspector.atTheAttempt" : "webhooks.inspector.deliveredWhen", {
						what: last?.status ? statusLine(last.status) : t("webhooks.inspector.delivered"),
						count: history.length,
						when: ago(a.finishedAt),
					})}
				</span>
			</p>
		);
	}
	if (a.state === "cancelled") {
		return (
			<p className="notice">
				<Icon name="close" />
				<span>
					{a.reason
						? rich("webhooks.inspector.reason", { reason: a.reason.replaceAll("_", " ") })
						: rich("webhooks.inspector.cancelled")}
				</span>
			</p>
		);
	}
	if (a.state === "pending" && a.endpointStatus && a.endpointStatus !== "active") {
		return (
			<p className="notice">
				<Icon name="pause" />
				<span>{rich("webhooks.inspector.itWaitsForTheEndpoint", { status: a.endpointStatus })}</span>
			</p>
		);
	}
	if (!last) {
		return (
			<p className="notice" data-is="warn">
				<Icon name="clock" />
				<span>
					{a.nextAttemptAt
						? rich("webhooks.inspector.theFirstAttemptIs", { when: due(a.nextAttemptAt) })
						: rich("webhooks.inspector.itWaits")}
				</span>
			</p>
		);
	}
	const code = a.errorCode ?? last.errorCode ?? "";
	const known = advice[code];
	const what = last.status ? statusLine(last.status) : (known?.what ?? code);
	const said = visible(quoted(last.response?.head));
	const why =
		!last.status || !known
			? last.detail && `${last.detail}.`
			: said
				? t("webhooks.inspector.text", { what: known.what, said })
				: `${known.what}.`;
	return (
		<p className="notice" data-is="bad">
			<Icon name="alert" />
			<span>
				{rich("webhooks.inspector.times", { what, count: history.length })} {why}{" "}
				{a.state === "failed"
					? t("webhooks.inspector.allTriesAreUsedUp")
					: t("webhooks.inspector.nothingIsLostTheNext", { when: due(a.nextAttemptAt) })}{" "}
				{known?.todo}
			</span>
		</p>
	);
}

/** Returns what an answer says for itself, if that is short. */
function quoted(head: string | null | undefined): string {
	if (!head) return "";
	try {
		const doc = JSON.parse(head) as Record<string, unknown>;
		const said = doc.error ?? doc.message ?? doc.detail;
		if (typeof said === "string") return said.slice(0, 120);
	} catch {
		// No JSON: the text itself.
	}
	const line = head.trim().split("\n")[0] ?? "";
	return /[<{]/.test(line) ? "" : line.slice(0, 120);
}

function Tries({ d, history, schedule }: { d: Delivery; history: Entry[]; schedule: string[] }) {
	const total = Math.max(schedule.length, history.length);
	const next = d.attributes.state === "pending" ? history.length : -1;
	if (d.attributes.state === "succeeded" && history.length === 1) return null;
	return (
		<section aria-labelledby="tr" className="stack gap3">
			<h2 id="tr">{t("webhooks.inspector.tries")}</h2>
			<ol className="tries">
				{Array.from({ length: Math.min(total, 20) }, (_, i) => {
					const h = history[i];
					const is = h ? (h.errorCode ? "bad" : "ok") : i === next ? "next" : undefined;
					const word = h
						? i === 0
							? clock(h.startedAt)
							: `+ ${wait(schedule[i])}`
						: i === next
							? d.attributes.nextAttemptAt
								? due(d.attributes.nextAttemptAt)
								: t("webhooks.health.waits")
							: `+ ${wait(schedule[i])}`;
					return (
						<li key={i} data-is={is}>
							<span>{word}</span>
							<span className="only-read">
								{h
									? h.errorCode
										? t("webhooks.inspector.failed")
										: t("webhooks.inspector.delivered2")
									: i === next
										? t("webhooks.inspector.next")
										: t("webhooks.inspector.notYet")}
							</span>
						</li>
					);
				})}
			</ol>
		</section>
	);
}

/** 5m0s, as durations are spelled, becomes 5 min. */
function wait(spelled: string | undefined): string {
	const [, h, m, s] = /^(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(spelled ?? "") ?? [];
	if (Number(h)) return `${h} h`;
	if (Number(m)) return t("webhooks.inspector.min", { m });
	return `${s ?? 0} s`;
}

interface AttemptProps {
	delivery: string;
	attempt: Entry;
	history: Entry[];
	choose: (number: number) => void;
	/** Those of the endpoint, the newest first. */
	secrets: Omit<Secret, "what">[];
}

function AttemptView({ delivery, attempt, history, choose, secrets }: AttemptProps) {
	const at = url(`webhookDeliveries/${delivery}/attempts/${attempt.number}`);
	const whole = useRead<Attempt>(at, { every: false });
	const state = attempt.errorCode ? "bad" : "ok";
	return (
		<section aria-labelledby="at" className="stack gap3">
			<div className="row wrap">
				<h2 id="at">{t("webhooks.inspector.attempt", { number: attempt.number })}</h2>
				<State is={state}>{attempt.status ?? attempt.errorCode ?? t("common.noAnswer")}</State>
				<span className="second quiet">
					{[exact(attempt.startedAt), attempt.address, attempt.protocol?.replace("HTTP/2.0", "HTTP/2")]
						.filter(Boolean)
						.join(" · ")}
					{attempt.signedWith?.length
						? t("webhooks.inspector.signedWith", { signers: signers(attempt.signedWith, secrets) })
						: ""}
				</span>
				{history.length > 1 && (
					<Segments
						label={t("webhooks.inspector.attempt2")}
						className="end"
						of={history.slice(-10).map((h) => [h.number, h.number])}
						value={attempt.number}
						choose={choose}
					/>
				)}
			</div>
			<div className="pair">
				<Timing entry={attempt} />
				<Answer attempt={whole.data?.data} entry={attempt} keptUntil={keptUntil(whole.data?.data)} />
			</div>
			{whole.error && <Refused error={whole.error} again={() => void whole.refetch()} />}
			{whole.data && <RequestCard attempt={whole.data.data} />}
		</section>
	);
}

/** Says which secrets signed an attempt, of those that there are now. */
function signers(ids: string[], secrets: Omit<Secret, "what">[]): string {
	return all(
		ids.map((id) => {
			const at = secrets.findIndex((s) => s.id === id);
			if (at < 0) return t("webhooks.inspector.aSecretThatHasEnded");
			return secrets.length === 1
				? t("webhooks.inspector.itsSecret")
				: at === 0
					? t("webhooks.inspector.theNewestSecret")
					: t("webhooks.inspector.theSecretBefore");
		}),
	);
}

function keptUntil(a: Attempt | undefined): string {
	const until = (a?.attributes.response as { keptUntil?: string | null } | undefined)?.keptUntil;
	return until ? t("webhooks.inspector.keptUntil", { when: date(until) }) : "";
}

function Timing({ entry }: { entry: Entry }) {
	const timings = entry.timings;
	// sent and firstByte are reckoned from the beginning, the others are how long they took.
	const connected = timings.dns + timings.connect + timings.tls;
	const parts = [
		{ name: t("common.name"), from: 0, took: timings.dns },
		{ name: t("webhooks.inspector.connect"), from: timings.dns, took: timings.connect },
		{ name: t("webhooks.inspector.tls"), from: timings.dns + timings.connect, took: timings.tls },
		{ name: t("webhooks.inspector.sent"), from: connected, took: Math.max(timings.sent - connected, 0) },
		{ name: t("webhooks.inspector.firstByte"), from: timings.sent, took: Math.max(timings.firstByte - timings.sent, 0), waits: true },
		{
			name: t("webhooks.inspector.rest"),
			from: timings.firstByte || timings.sent,
			took: Math.max(timings.total - (timings.firstByte || timings.sent), 0),
		},
	];
	const scale = 400 / Math.max(timings.total, 0.001);
	return (
		<section className="card" aria-labelledby="tm">
			<header>
				<h3 id="tm">{t("webhooks.inspector.timing")}</h3>
				<span className="second quiet end">
					{entry.reusedConnection
						? t("webhooks.inspector.overAnOpenConnection", { time: milliseconds(timings.total) })
						: milliseconds(timings.total)}
				</span>
			</header>
			<div className="body">
				<dl className="falls">
					{parts.map((p) => (
						<div key={p.name} className="fall">
							<dt>{p.name}</dt>
							<dd>
								<svg viewBox="0 0 400 12" preserveAspectRatio="none" aria-hidden="true">
									<rect className="rail" width="400" height="12" rx="2" />
									{p.took > 0 && (
										<rect
											className={p.waits ? "wait" : undefined}
											x={Math.min(p.from * scale, 397)}
											width={Math.max(p.took * scale, 3)}
											height="12"
											rx="2"
										/>
									)}
								</svg>
							</dd>
							<dd className="ms">{milliseconds(p.took)}</dd>
						</div>
					))}
				</dl>
			</div>
		</section>
	);
}
