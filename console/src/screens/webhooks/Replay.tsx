/* Sending again what an endpoint did not take, or has lost: how much there is, then how far it has come, with a way to stop it. */

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
import { count, digits } from "../../words/count";
import { ago, short } from "../../words/time";

const hour = 3_600_000;

type Replay = Resource<components["schemas"]["WebhookReplayAttributes"]>;

const kinds = [
	{ value: "failed", label: "what failed" },
	{ value: "events", label: "everything that it did not get" },
	{ value: "all", label: "everything, also what it took already" },
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
	const not = !from ? "Choose a time" : total === 0 ? "None has failed in that time" : send.isPending && "It is on its way";
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
				title="Being sent again"
				intro="It goes on when this is closed, and is shown with the endpoint."
				close={close}
				foot={
					<div className="dialog-foot">
						<Button kind="main" onClick={close}>
							Close
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
		...(since ? [{ value: since, label: `since it fails, ${short(since)}` }] : []),
		{ value: back(1), label: "of the last hour" },
		{ value: back(24), label: "of the last day" },
		{ value: back(24 * 7), label: "of the last week" },
		{ value: back(24 * 30), label: "of the last 30 days" },
		{ value: "typed", label: "since a time" },
	];
	return (
		<FormDialog
			title="Send again"
			intro={
				<>
					To <Typed>{name}</Typed>, with the old <span className="mono">webhook-id</span>, beside what happens now.
				</>
			}
			close={close}
			submit={() => !not && submit()}
			buttons={
				<>
					<Button kind="main" type="submit" not={not}>
						{total === undefined ? "Send again" : `Send ${digits(total)} again`}
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<Faults error={send.error} />
			<Choice
				label="What"
				value={kind}
				onChange={setKind}
				options={kinds}
				hint={
					kind === "events"
						? "Every event that it is subscribed to now and has no delivery of: for a new endpoint."
						: kind === "all"
							? "For a receiver that has lost its data. One that remembers ids will not act on what it knows."
							: undefined
				}
			/>
			<Choice
				label="Which"
				value={span}
				onChange={setSpan}
				options={options}
				hint={
					total === undefined
						? undefined
						: total === 0
							? "None has failed in that time. What still has tries left goes out by itself."
							: `${count(total, "delivery has", "deliveries have")} used up all tries.`
				}
			/>
			{span === "typed" && <Field label="Since" type="datetime-local" value={typed} onChange={(e) => setTyped(e.target.value)} />}
		</FormDialog>
	);
}

/** Shows the replays of an endpoint that are under way. */
export function Replays({ webhook, not }: { webhook: string; not: string | false }) {
	const { data } = useRead<Replay[]>(
		url("webhookReplays", {
			"filter[webhookId]": webhook,
			"filter[state]": "running,paused",
			sort: "-createdAt",
			"fields[webhookReplays]": "state",
			"page[size]": 5,
		}),
		{ every: 10_000 },
	);
	if (!data?.data.length) return null;
	return (
		<Section id="replays" title="Being sent again" card>
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
		o.succeeded ? `${digits(o.succeeded)} delivered` : "",
		o.pending ? `${digits(o.pending)} on their way` : "",
		o.failed ? `${digits(o.failed)} failed` : "",
		o.cancelled ? `${digits(o.cancelled)} cancelled` : "",
	];
	return (
		<div className="stack tight" role="group" aria-label="A replay">
			<div className="row wrap">
				<b>
					{
						{ running: "Looking through", paused: "Paused", done: "All looked through", cancelled: "Cancelled" }[
							r.state ?? "running"
						]
					}
				</b>
				<span className="second">
					{r.kind === "failed" ? "what failed" : "events"} since {short(r.since)}
				</span>
				<span className="row end">
					{r.state === "running" && (
						<Button small icon="pause" not={not} onClick={() => become("paused")}>
							Pause
						</Button>
					)}
					{r.state === "paused" && (
						<Button small icon="again" not={not} onClick={() => become("running")}>
							Go on
						</Button>
					)}
					{(r.state === "running" || r.state === "paused") && (
						<Button small kind="danger" not={not} onClick={() => become("cancelled")}>
							Cancel
						</Button>
					)}
				</span>
			</div>
			<progress className="progress" max={1} value={done} aria-label="How far it has come" />
			<p className="second" role="status">
				{count(r.queued ?? 0, "message")} of {digits(r.examined ?? 0)} looked at {r.queued === 1 ? "goes" : "go"} out again
				{became?.some(Boolean) ? `: ${became.filter(Boolean).join(", ")}` : ""}
				{r.finishedAt ? `. Finished ${ago(r.finishedAt)}` : ""}.
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
