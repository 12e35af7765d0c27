/* One endpoint: how it does, what it gets and how, what it signs with, and what can be done with it. */

import { useState } from "react";
import { useLocation } from "wouter";
import { url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Delivery, Webhook } from "../../api/resources";
import { useSend } from "../../api/query";
import { copyCurl, usePage } from "../../frame/page";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Field } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { notify } from "../../parts/live";
import { Menu } from "../../parts/menu";
import { Button, Copy, Section, State, Typed } from "../../parts/small";
import { percent, row, shortId, typedIs } from "../../words/count";
import { ago, date, due, milliseconds, short } from "../../words/time";
import { SecretDialog } from "../keys/Secret";
import { EndRotationDialog, RotateDialog } from "../rotation/Rotate";
import { Overlap, type Secret } from "../rotation/Overlap";
import Example from "./Example";
import { healthOf } from "./health";
import { ReplayDialog, Replays } from "./Replay";
import { useEndpointRights } from "./rights";
import EndpointForm from "./Form";
import { PublicKey } from "./Secret";
import { rich, t } from "../../words/message";

interface AboutProps {
	answer: Answer<Webhook>;
	name: string;
	id: string;
	may: (word: string) => boolean;
	request: string;
	/** Called when something was sent by hand. */
	sent: () => void;
}

export function About({ answer, name, id, may, request, sent }: AboutProps) {
	const w = answer.data;
	const a = w.attributes;
	const [, go] = useLocation();
	const health = healthOf(w);
	const [over, setOver] = useState<"change" | "example" | "rotate" | "end" | "replay" | "delete" | null>(null);
	const [rotated, setRotated] = useState<Webhook | null>(null);
	const close = () => setOver(null);
	usePage({
		title: name,
		organization: id,
		request,
		crumbs: [{ name: t("common.webhooks"), to: `/organizations/${id}/webhooks` }, { name }],
	});
	const { change: not, send, direct } = useEndpointRights(w, may);
	const secrets = (a.secrets ?? []) as Omit<Secret, "what">[];
	const to = url(`webhooks/${w.id}`);
	const set = useSend();
	const test = useSend<Delivery>(() => {
		notify(t("webhooks.about.aTestIsOnIts"));
		sent();
	});
	const status = (next: string) =>
		set.mutate({
			to,
			method: "PATCH",
			ifMatch: answer.etag,
			body: { data: { type: "webhooks", id: w.id, attributes: { status: next } } },
		});
	const own = a.kind === "own";
	const untested = not || (a.status !== "active" && t("webhooks.about.enableItFirst", { status: a.status ?? "" }));
	return (
		<>
			<div className="page stack about">
				<div className="row wrap orgtitle">
					<div className="cut">
						<h1>
							<Typed>{name}</Typed>
						</h1>
						<p className="second row wrap">
							<State is={health.is}>{health.word}</State>
							<Copy text={w.id} what={t("common.id2")} shown={shortId(w.id)} />
						</p>
					</div>
					<div className="row end wrap">
						<Button
							kind="main"
							icon="send"
							not={untested || (test.isPending && t("common.itIsOnItsWay"))}
							onClick={() => test.mutate({ to: `${to}/test`, method: "POST" })}
						>
							{t("webhooks.about.sendATest")}
						</Button>
						{a.status === "active" ? (
							<Button icon="pause" not={not} onClick={() => status("paused")}>
								{t("common.pause")}
							</Button>
						) : (
							<Button icon="again" not={direct} onClick={() => status("active")}>
								{a.health?.backlog
									? t("webhooks.about.enableAndSendBacklogMessage", { backlog: a.health.backlog })
									: t("webhooks.about.enable")}
							</Button>
						)}
						<Button icon="edit" not={not} onClick={() => setOver("change")}>
							{t("common.change")}
						</Button>
						<Menu
							label={t("common.moreActions")}
							square
							entries={[
								{ label: t("webhooks.about.sendAnExample"), icon: "send", not: untested, act: () => setOver("example") },
								{ label: t("webhooks.about.sendAgain"), icon: "again", not: send, act: () => setOver("replay") },
								{ label: t("webhooks.about.rotateTheSecret"), icon: "key", not: direct, act: () => setOver("rotate") },
								{ label: t("common.copyTheRequestAsCurl"), icon: "copy", key: "C", act: () => void copyCurl(request) },
								own
									? { label: t("webhooks.about.endItInTheSettings"), icon: "gear", to: `/organizations/${id}/settings` }
									: { label: t("common.delete2"), icon: "close", not, act: () => setOver("delete") },
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
					<Icon
						name={
							health.is === "bad" || health.is === "warn"
								? "alert"
								: health.is === "ok"
									? "check"
									: a.status === "active"
										? "clock"
										: "pause"
						}
					/>
					<span>{sentence(w)}</span>
				</p>
				<Replays webhook={w.id} not={send} />
			</div>
			<div className="page stack">
				<Numbers w={w} />
				<Gets w={w} />
				<Section
					id="signing"
					title={t("webhooks.about.whatItSignsWith")}
					more={
						<span className="row end">
							{secrets.length > 1 && (
								<Button small kind="danger" not={not} onClick={() => setOver("end")}>
									{t("webhooks.about.endTheOldOne")}
								</Button>
							)}
							<Button small not={direct} onClick={() => setOver("rotate")}>
								{t("common.rotate")}
							</Button>
						</span>
					}
				>
					<p className="second">
						{a.algorithm === "v1a"
							? t("webhooks.about.ed25519ReceiversVerifyWithThe")
							: t("webhooks.about.hmacSha256TheSecretItself")}
						{a.publicKey && <Copy text={a.publicKey} what={t("webhooks.about.publicKey")} />}
					</p>
					<Overlap secrets={secrets.map((s) => ({ ...s, what: t("webhooks.about.idOfTheSecret") }))} />
				</Section>
				{over === "change" && <EndpointForm organization={id} answer={answer} may={may} close={close} />}
				{over === "example" && <Example webhook={w} name={name} close={close} sent={sent} />}
				{over === "rotate" && (
					<RotateDialog<Webhook>
						name={name}
						path={`webhooks/${w.id}/rotate-secret`}
						intro={t("webhooks.about.itGetsANewSecret")}
						close={close}
						made={(made) => {
							close();
							setRotated(made);
						}}
					/>
				)}
				{over === "end" && (
					<EndRotationDialog name={name} path={`webhooks/${w.id}/end-rotation`} close={close}>
						<p>{t("webhooks.about.bothSignUntilAReceiver", { when: short(secrets[1]?.expiresAt) })}</p>
					</EndRotationDialog>
				)}
				{rotated && (
					<SecretDialog
						title={t("common.theNewSecretOf", { name })}
						secret={rotated.attributes.secret ?? ""}
						close={() => setRotated(null)}
					>
						<PublicKey of={rotated} />
					</SecretDialog>
				)}
				{over === "replay" && <ReplayDialog webhook={w} name={name} close={close} />}
				{over === "delete" && (
					<DeleteDialog answer={answer} name={name} close={close} gone={() => go(`/organizations/${id}/webhooks`)} />
				)}
			</div>
		</>
	);
}

function Numbers({ w }: { w: Webhook }) {
	const h = w.attributes.health;
	return (
		<Section id="numbers" title={t("webhooks.about.howItDoes")}>
			<dl className="facts">
				<dt>{t("webhooks.about.goodAnswers")}</dt>
				<dd>
					{h?.successRate == null ? (
						<span className="quiet">{t("webhooks.about.noneYet")}</span>
					) : (
						t("webhooks.about.recentOnesWeighingMost", { percent: percent(h.successRate) })
					)}
				</dd>
				<dt>{t("common.latency")}</dt>
				<dd>{h?.latency == null ? <span className="quiet">{t("webhooks.about.unknown")}</span> : milliseconds(h.latency)}</dd>
				<dt>{t("common.waiting")}</dt>
				<dd>
					{h?.oldestPending
						? t("webhooks.about.oldest", { backlog: h.backlog ?? 0, when: short(h.oldestPending) })
						: t("common.backlogMessage", { backlog: h?.backlog ?? 0 })}
				</dd>
				<dt>{t("webhooks.about.nextAttempt")}</dt>
				<dd>{h?.nextAttemptAt ? due(h.nextAttemptAt) : <span className="quiet">{t("webhooks.about.noneIsDue")}</span>}</dd>
				<dt>{t("webhooks.about.lastGoodAnswer")}</dt>
				<dd>{ago(h?.lastSuccessAt)}</dd>
			</dl>
		</Section>
	);
}

const orders: Record<string, string> = {
	fifo: t("webhooks.about.oneAfterTheOther"),
	per_entity: t("common.oneAfterTheOtherFor"),
	none: t("common.asFastAsCanBe"),
};

function Gets({ w }: { w: Webhook }) {
	const a = w.attributes;
	return (
		<Section id="settings" title={t("common.whatItGets")}>
			<dl className="facts">
				<dt>{t("webhooks.about.types")}</dt>
				<dd>
					{a.eventTypes?.length && !a.eventTypes.includes("*") ? (
						<span className="mono">{row(a.eventTypes)}</span>
					) : (
						t("webhooks.about.everything")
					)}
				</dd>
				<dt>{t("webhooks.about.belowAsWell")}</dt>
				<dd>{a.subtree ? t("common.yes") : t("common.no")}</dd>
				<dt>{t("common.order")}</dt>
				<dd>{orders[a.ordering ?? "none"]}</dd>
				<dt>{t("common.rate")}</dt>
				<dd>{a.rate ? t("webhooks.about.aSecondAtMost", { rate: a.rate }) : t("webhooks.about.noLimit")}</dd>
				<dt>{t("webhooks.about.attempts")}</dt>
				<dd>{a.schedule ? <span className="mono">{row(a.schedule)}</span> : t("webhooks.about.tenOver76Hours")}</dd>
				<dt>{t("common.headers")}</dt>
				<dd className="break">
					{a.headers?.length ? (
						<span className="mono">
							<Typed>{row(a.headers)}</Typed>
						</span>
					) : (
						<span className="quiet">{t("webhooks.about.noneOfItsOwn")}</span>
					)}
				</dd>
				<dt>{t("webhooks.about.made")}</dt>
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
		notify(t("webhooks.about.deletedTheEndpoint", { name }));
		gone();
	});
	const not = !typedIs(name, typed) && t("common.typeItsNameFirst");
	return (
		<FormDialog
			title={rich("common.delete", { name: <Typed>{name}</Typed> })}
			close={close}
			act={waits ? t("webhooks.about.deleteItAndLoseWaits", { waits }) : t("common.deleteIt")}
			submit={() => send.mutate({ to: url(`webhooks/${w.id}`), method: "DELETE", ifMatch: answer.etag })}
			danger
			not={not}
			busy={send.isPending}
			error={send.error}
		>
			<p>{waits ? t("webhooks.about.waitsMessageWaits", { waits }) : t("webhooks.about.nothingWaitsWhatWasSent")}</p>
			<Field
				label={
					<>
						{rich("webhooks.about.type", {
							value: (
								<span className="mono">
									<Typed>{name}</Typed>
								</span>
							),
						})}
					</>
				}
				value={typed}
				onChange={(e) => setTyped(e.target.value)}
				autoComplete="off"
				spellCheck={false}
			/>
		</FormDialog>
	);
}

function sentence(w: Webhook): string {
	const h = w.attributes.health;
	if (w.attributes.status !== "active") {
		return h?.backlog
			? t("webhooks.about.nothingIsSentWhatHappens", { backlog: h.backlog })
			: t("webhooks.about.nothingIsSentWhatHappens2");
	}
	if (h?.failingSince) {
		const waits = h.backlog ? t("webhooks.about.backlogMessageWaits", { backlog: h.backlog }) : "";
		const next = h.nextAttemptAt ? t("webhooks.about.theNextAttemptIs", { when: due(h.nextAttemptAt) }) : "";
		return t("webhooks.about.itHasTakenNothingSince", {
			when: short(h.failingSince),
			consecutiveFailures: h.consecutiveFailures ?? 0,
			waits,
			next,
		});
	}
	if (h?.state === "probation") return t("webhooks.about.itFailedLatelyOrIs");
	if (!h?.lastSuccessAt) return t("webhooks.about.nothingWasSentToIt");
	return t("webhooks.about.itAnswersTheLastGood", { when: ago(h.lastSuccessAt) });
}
