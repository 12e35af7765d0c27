/* An endpoint: made, or changed. */

import "../../styles/making.css";
import { all } from "../../words/count";
import { useState } from "react";
import { url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Webhook, WebhookAttributes } from "../../api/resources";
import { FormDialog } from "../../parts/dialog";
import { Check, Choice, Field, TextField } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { useEdit } from "../../parts/edit";
import { notify } from "../../parts/live";
import { Typed } from "../../parts/small";
import { MergeDialog } from "../organization/Merge";
import { EndpointSecret } from "./Secret";
import { EventTypesField, everything } from "./event-types";
import { rich, t } from "../../words/message";

/** The attributes that are set, as the form has them. Those that an endpoint keeps from its beginning are there for a new one alone. */
interface Form {
	name: string;
	url: string;
	eventTypes: string[];
	subtree: boolean;
	ordering: string;
	rate: string;
	schedule: string;
	headers: string;
	algorithm?: string;
	secret?: string;
}

const orders = [
	{ value: "none", label: t("common.asFastAsCanBe") },
	{ value: "per_entity", label: t("common.oneAfterTheOtherFor") },
	{ value: "fifo", label: t("webhooks.form.oneAfterTheOtherOne") },
];

const algorithms = [
	{ value: "v1", label: t("webhooks.form.hmacSha256WithASecret") },
	{ value: "v1a", label: t("webhooks.form.ed25519TheReceiverNeedsThe") },
];

function formOf(a?: WebhookAttributes): Form {
	return {
		name: a?.name ?? "",
		url: a?.url ?? "",
		eventTypes: a?.eventTypes?.length && !a.eventTypes.includes(everything) ? a.eventTypes : [everything],
		subtree: a?.subtree ?? false,
		ordering: a?.ordering ?? "none",
		rate: a?.rate == null ? "" : String(a.rate),
		schedule: a?.schedule?.join(" ") ?? "",
		headers: (a?.headers ?? []).join("\n"),
		...(a ? {} : { algorithm: "v1", secret: "" }),
	};
}

function sent(name: keyof Form, value: Form[keyof Form]): unknown {
	if (typeof value !== "string") return value;
	const text = value.trim();
	switch (name) {
		case "name":
			return text || null;
		case "rate":
			return text ? Number(text) : null;
		case "schedule":
			return text ? text.split(/[\s,]+/).filter(Boolean) : null;
		case "headers":
			return text
				.split("\n")
				.map((line) => line.trim())
				.filter(Boolean);
		case "secret":
			return text || undefined;
		default:
			return text;
	}
}

interface FormProps {
	organization: string;
	/** The endpoint as it was read; without it one is made. */
	answer?: Answer<Webhook>;
	may: (word: string) => boolean;
	/** Called in place of close with an endpoint that was made: its answer alone has the secret. */
	made?: (w: Webhook) => void;
	close: () => void;
}

export default function EndpointForm({ organization, answer, may, made, close }: FormProps) {
	const [secretOf, setSecretOf] = useState<Webhook | null>(null);
	const edit = useEdit<Webhook, Form>({
		read: answer,
		made: { type: "webhooks", relationships: { organization: { data: { type: "organizations", id: organization } } } },
		to: answer ? url(`webhooks/${answer.data.id}`) : url("webhooks"),
		form: (w) => formOf(w?.attributes),
		sent,
		saved: (changed, _undo, a, more) => {
			if (!edit.base) return more ? setSecretOf(a.data) : made?.(a.data);
			if (!more) close();
			notify(t("common.changed2", { join: all(changed) }));
		},
	});
	const { form, changed, wrong, error } = edit;
	const before = answer?.data ?? edit.base; // what was made here is changed, if something was typed meanwhile
	const [more, setMore] = useState(false);
	const own = before?.attributes.kind === "own";
	const waits = before?.attributes.health?.backlog ?? 0;
	const faulty = (["ordering", "rate", "schedule", "headers", "algorithm", "secret"] as const).some(wrong);
	const open = more || faulty;
	const save = !before
		? t("common.makeIt")
		: changed.length === 0
			? t("common.save")
			: changed.includes("url") && waits
				? t("webhooks.form.saveAndSendWaitsMessage", { waits })
				: t("common.saveCountChange", { count: changed.length });
	const not = !form.url.trim()
		? t("webhooks.form.itNeedsAUrl")
		: !form.eventTypes.length
			? t("webhooks.form.chooseAType")
			: before && !changed.length
				? t("common.nothingIsChangedYet")
				: edit.busy && t("common.itIsOnItsWay");
	if (secretOf) return <EndpointSecret of={secretOf} close={() => setSecretOf(null)} />;
	if (edit.conflict) return <MergeDialog conflict={edit.conflict} close={edit.closeConflict} settle={edit.settle} />;
	return (
		<FormDialog
			title={
				before
					? rich("common.change2", { name: <Typed>{before.attributes.name || t("common.theEndpoint")}</Typed> })
					: t("common.newEndpoint")
			}
			intro={t("webhooks.form.aUrlThatIsTold")}
			close={close}
			unsaved={changed.length > 0}
			submit={() => edit.save()}
			act={save}
			not={not}
			error={error}
			fields={edit.fields}
		>
			<Field
				label={t("common.name")}
				hint={t("webhooks.form.whatItIsForWithout")}
				value={form.name}
				wrong={wrong("name")}
				onChange={(e) => edit.set("name", e.target.value)}
				autoComplete="off"
				autoFocus
			/>
			<Field
				label={t("webhooks.form.url")}
				hint={own ? t("webhooks.form.thatOfTheOrganizationIt") : t("webhooks.form.httpsAtAnAddressThat")}
				type="url"
				inputMode="url"
				value={form.url}
				disabled={own}
				wrong={wrong("url")}
				onChange={(e) => edit.set("url", e.target.value)}
				autoComplete="off"
				spellCheck={false}
			/>
			<EventTypesField
				value={form.eventTypes}
				onChange={(value) => edit.set("eventTypes", value)}
				may={may}
				wrong={wrong("eventTypes")}
			/>
			<Check
				label={t("webhooks.form.whatHappensBelowAsWell")}
				hint={wrong("subtree") ? <span className="fault">{wrong("subtree")}</span> : t("webhooks.form.inAllOrganizationsBelowThis")}
				checked={form.subtree}
				onChange={(value) => edit.set("subtree", value)}
			/>
			<button className="more-fields" type="button" aria-expanded={open} onClick={() => setMore(!open)}>
				<Icon name="next" />
				{t("webhooks.form.howItIsSent")}
			</button>
			{open && (
				<div className="stack gap4">
					<Choice
						label={t("common.order")}
						value={form.ordering}
						onChange={(value) => edit.set("ordering", value)}
						options={orders}
						wrong={wrong("ordering")}
					/>
					<Field
						label={t("common.rate")}
						hint={t("webhooks.form.messagesASecondAtMost")}
						inputMode="numeric"
						value={form.rate}
						wrong={wrong("rate")}
						onChange={(e) => edit.set("rate", e.target.value.replace(/\D/g, ""))}
					/>
					<Field
						label={t("webhooks.form.waitsBeforeEachAttempt")}
						hint={t("webhooks.form.0s5s5m30m2h")}
						value={form.schedule}
						wrong={wrong("schedule")}
						onChange={(e) => edit.set("schedule", e.target.value)}
						spellCheck={false}
					/>
					<TextField
						label={t("common.headers")}
						hint={before ? t("webhooks.form.oneALineNameValue") : t("webhooks.form.oneALineNameValue2")}
						value={form.headers}
						wrong={wrong("headers")}
						onChange={(e) => edit.set("headers", e.target.value)}
						spellCheck={false}
					/>
					{form.algorithm !== undefined && (
						<Choice
							label={t("webhooks.form.signature")}
							value={form.algorithm}
							onChange={(value) => edit.set("algorithm", value)}
							options={algorithms}
							wrong={wrong("algorithm")}
						/>
					)}
					{form.algorithm === "v1" && (
						<Field
							label={t("webhooks.form.aSecretOfYourOwn")}
							hint={t("webhooks.form.16LettersOrMoreEmpty")}
							value={form.secret}
							wrong={wrong("secret")}
							onChange={(e) => edit.set("secret", e.target.value)}
							autoComplete="off"
							spellCheck={false}
						/>
					)}
				</div>
			)}
		</FormDialog>
	);
}
