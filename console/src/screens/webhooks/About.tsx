/* One endpoint: how it does, what it gets and how, what it signs with, and what can be done with it. */

import { lazy, Suspense, useState } from "react";
import { useLocation } from "wouter";
import { url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Delivery, Webhook } from "../../api/resources";
import { useSend } from "../../api/query";
import { copyCurl, usePage } from "../../frame/page";
import { Dialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Field } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { notify } from "../../parts/live";
import { Menu } from "../../parts/menu";
import { Button, Copy, Section, State, Typed } from "../../parts/small";
import { count, shortId } from "../../words/count";
import { ago, date, milliseconds, short } from "../../words/time";
import { SecretDialog } from "../keys/Secret";
import { percent } from "../organization/Webhooks";
import { Overlap, type Secret } from "../rotation/Overlap";
import { healthOf } from "./health";
import { ReplayDialog, Replays } from "./Replay";
import { useEndpointRights } from "./rights";

const EndpointForm = lazy(() => import("./Form"));
const Rotation = lazy(() => import("../rotation/Rotate").then((m) => ({ default: m.RotateDialog<Webhook> })));
const EndRotation = lazy(() => import("../rotation/Rotate").then((m) => ({ default: m.EndRotationDialog })));

interface AboutProps {
	answer: Answer<Webhook>;
	name: string;
	id: string;
	may: (word: string) => boolean;
	request: string;
}

export function About({ answer, name, id, may, request }: AboutProps) {
	const w = answer.data;
	const a = w.attributes;
	const [, go] = useLocation();
	const health = healthOf(w);
	const [over, setOver] = useState<"change" | "rotate" | "end" | "replay" | "delete" | null>(null);
	const [rotated, setRotated] = useState<Webhook | null>(null);
	const close = () => setOver(null);
	usePage({ title: name, organization: id, request, crumbs: [{ name: "Webhooks", to: `/organizations/${id}/webhooks` }, { name }] });
	const { change: not, send, direct } = useEndpointRights(w, may);
	const secrets = (a.secrets ?? []) as Omit<Secret, "what">[];
	const to = url(`webhooks/${w.id}`);
	const set = useSend();
	const test = useSend<Delivery>(() => notify("A test is on its way: it is the first of the list"));
	const status = (next: string) =>
		set.mutate({
			to,
			method: "PATCH",
			ifMatch: answer.etag,
			body: { data: { type: "webhooks", id: w.id, attributes: { status: next } } },
		});
	const own = a.kind === "own";
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
						<Button icon="again" not={direct} onClick={() => status("active")}>
							{a.health?.backlog ? `Enable, and send ${count(a.health.backlog, "message")}` : "Enable"}
						</Button>
					)}
					<Button icon="edit" not={not} onClick={() => setOver("change")}>
						Change
					</Button>
					<Menu
						label="More actions"
						square
						entries={[
							{ label: "Send again…", icon: "again", not: send, act: () => setOver("replay") },
							{ label: "Rotate the secret…", icon: "key", not: direct, act: () => setOver("rotate") },
							{ label: "Copy the request as curl", icon: "copy", key: "C", act: () => void copyCurl(request) },
							own
								? { label: "End it in the settings", icon: "gear", to: `/organizations/${id}/settings` }
								: { label: "Delete…", icon: "close", not, act: () => setOver("delete") },
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
			<Replays webhook={w.id} not={send} />
			<Numbers w={w} />
			<Gets w={w} />
			<Section
				id="signing"
				title="What it signs with"
				more={
					<span className="row end">
						{secrets.length > 1 && (
							<Button small kind="danger" not={not} onClick={() => setOver("end")}>
								End the old one
							</Button>
						)}
						<Button small not={direct} onClick={() => setOver("rotate")}>
							Rotate
						</Button>
					</span>
				}
			>
				<p className="second">
					{a.algorithm === "v1a"
						? "ed25519. Receivers verify with the public key: "
						: "HMAC-SHA256. The secret itself is not shown."}
					{a.publicKey && <Copy text={a.publicKey} what="public key" />}
				</p>
				<Overlap secrets={secrets.map((s) => ({ ...s, what: "id of the secret" }))} />
			</Section>
			<Suspense fallback={null}>
				{over === "change" && <EndpointForm organization={id} answer={answer} may={may} close={close} />}
				{over === "rotate" && (
					<Rotation
						name={name}
						path={`webhooks/${w.id}/rotate-secret`}
						intro="It gets a new secret, shown once. Until the overlap ends messages have a signature of each, so a receiver with either takes them."
						close={close}
						made={(made) => {
							close();
							setRotated(made);
						}}
					/>
				)}
				{over === "end" && (
					<EndRotation name={name} path={`webhooks/${w.id}/end-rotation`} close={close}>
						<p>
							Both sign until {short(secrets[1]?.expiresAt)}. A receiver that has the new secret notices nothing; one that
							still has the old one refuses every message from now on.
						</p>
					</EndRotation>
				)}
			</Suspense>
			{rotated && (
				<SecretDialog title={`The new secret of ${name}`} secret={rotated.attributes.secret ?? ""} close={() => setRotated(null)}>
					<PublicKey of={rotated} />
				</SecretDialog>
			)}
			{over === "replay" && <ReplayDialog webhook={w} name={name} close={close} />}
			{over === "delete" && (
				<DeleteDialog answer={answer} name={name} close={close} gone={() => go(`/organizations/${id}/webhooks`)} />
			)}
		</div>
	);
}

/** Of ed25519 the receiver has another key than the sender. */
export function PublicKey({ of }: { of: Webhook }) {
	if (!of.attributes.publicKey) return null;
	return (
		<p className="second">
			The receiver does not need it. It verifies with the public key: <Copy text={of.attributes.publicKey} what="public key" />
		</p>
	);
}

function Numbers({ w }: { w: Webhook }) {
	const h = w.attributes.health;
	return (
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
	);
}

const orders: Record<string, string> = {
	fifo: "one after the other",
	per_entity: "one after the other for each resource",
	none: "as fast as can be",
};

function Gets({ w }: { w: Webhook }) {
	const a = w.attributes;
	return (
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
				<dd>{orders[a.ordering ?? "none"]}</dd>
				<dt>Rate</dt>
				<dd>{a.rate ? `${a.rate} a second at most` : "no limit"}</dd>
				<dt>Attempts</dt>
				<dd>{a.schedule ? <span className="mono">{a.schedule.join(", ")}</span> : "ten, over 76 hours"}</dd>
				<dt>Headers</dt>
				<dd className="mono break">
					{a.headers?.length ? <Typed>{a.headers.join(", ")}</Typed> : <span className="quiet">none of its own</span>}
				</dd>
				<dt>Made</dt>
				<dd>{date(a.createdAt)}</dd>
			</dl>
		</Section>
	);
}

function DeleteDialog({ answer, name, close, gone }: { answer: Answer<Webhook>; name: string; close: () => void; gone: () => void }) {
	const [typed, setTyped] = useState("");
	const w = answer.data;
	const waits = w.attributes.health?.backlog ?? 0;
	const send = useSend(() => {
		close();
		notify(`Deleted the endpoint ${name}`);
		gone();
	});
	const not = typed !== name && "Type its name first";
	return (
		<Dialog
			title={
				<>
					Delete <Typed>{name}</Typed>
				</>
			}
			close={close}
			foot={
				<div className="dialog-foot">
					<Button
						kind="danger"
						not={not || (send.isPending && "It is on its way")}
						onClick={() => send.mutate({ to: url(`webhooks/${w.id}`), method: "DELETE", ifMatch: answer.etag })}
					>
						{waits ? `Delete it, and lose ${count(waits, "message")}` : "Delete it"}
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</div>
			}
		>
			<div className="dialog-body">
				<Faults error={send.error} />
				<p>
					{waits ? `${count(waits, "message waits", "messages wait")} and will never be sent. ` : "Nothing waits. "}
					What was sent to it can no longer be looked at or sent again, and its secret is gone. To stop it for a while, pause it.
				</p>
				<Field
					label={
						<>
							Type{" "}
							<span className="mono">
								<Typed>{name}</Typed>
							</span>
						</>
					}
					value={typed}
					onChange={(e) => setTyped(e.target.value)}
					autoComplete="off"
					spellCheck={false}
				/>
			</div>
		</Dialog>
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
