/* An endpoint: made, or changed. */

import { useState } from "react";
import { url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Webhook, WebhookAttributes } from "../../api/resources";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Check, Choice, Field, TextField } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { useEdit } from "../../parts/edit";
import { notify } from "../../parts/live";
import { Button, Typed } from "../../parts/small";
import { count } from "../../words/count";
import { MergeDialog } from "../organization/Merge";
import { EventTypesField, everything } from "./event-types";

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
	{ value: "none", label: "as fast as can be" },
	{ value: "per_entity", label: "one after the other for each resource" },
	{ value: "fifo", label: "one after the other: one that fails holds up those behind it" },
];

const algorithms = [
	{ value: "v1", label: "HMAC-SHA256, with a secret that both sides have" },
	{ value: "v1a", label: "ed25519: the receiver needs the public key alone" },
];

function formOf(a?: WebhookAttributes): Form {
	return {
		name: a?.name ?? "",
		url: a?.url ?? "",
		eventTypes: a?.eventTypes?.length && !a.eventTypes.includes(everything) ? a.eventTypes : [everything],
		subtree: a?.subtree ?? false,
		ordering: a?.ordering ?? "none",
		rate: a?.rate == null ? "" : String(a.rate),
		schedule: a?.schedule?.join(", ") ?? "",
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
	const before = answer?.data;
	const edit = useEdit<Webhook, Form>({
		read: answer,
		made: { type: "webhooks", relationships: { organization: { data: { type: "organizations", id: organization } } } },
		to: before ? url(`webhooks/${before.id}`) : url("webhooks"),
		form: (w) => formOf(w?.attributes),
		sent,
		saved: (changed, _undo, a) => {
			if (!before) return made?.(a.data);
			close();
			notify(`Changed ${changed.join(", ")}`);
		},
	});
	const { form, changed, wrong, error } = edit;
	const [more, setMore] = useState(false);
	const own = before?.attributes.kind === "own";
	const waits = before?.attributes.health?.backlog ?? 0;
	const faulty = (["ordering", "rate", "schedule", "headers", "algorithm", "secret"] as const).some(wrong);
	const open = more || faulty;
	const save = !before
		? "Make it"
		: changed.length === 0
			? "Save"
			: changed.includes("url") && waits
				? `Save, and send ${count(waits, "message")} to the new URL`
				: `Save ${count(changed.length, "change")}`;
	const not = !form.url.trim()
		? "It needs a URL"
		: !form.eventTypes.length
			? "Choose a type"
			: before && !changed.length
				? "Nothing is changed yet"
				: edit.busy && "It is on its way";
	if (edit.conflict) return <MergeDialog conflict={edit.conflict} close={edit.closeConflict} settle={edit.settle} />;
	return (
		<FormDialog
			title={
				before ? (
					<>
						Change <Typed>{before.attributes.name || "the endpoint"}</Typed>
					</>
				) : (
					"New endpoint"
				)
			}
			intro="A URL that is told of changes here, each message signed."
			close={close}
			submit={() => !not && edit.save()}
			buttons={
				<>
					<Button kind="main" type="submit" not={not}>
						{save}
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<Faults error={error} fields={edit.fields} />
			<Field
				label="Name"
				hint="What it is for. Without one it is called by its host."
				value={form.name}
				wrong={wrong("name")}
				onChange={(e) => edit.set("name", e.target.value)}
				autoComplete="off"
				autoFocus
			/>
			<Field
				label="URL"
				hint={
					own
						? "That of the organization: it is changed in its settings."
						: "https, at an address that can be reached from here. It is kept encrypted."
				}
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
				label="What happens below as well"
				hint={
					wrong("subtree") ? (
						<span className="fault">{wrong("subtree")}</span>
					) : (
						"In all organizations below this one, also those that come."
					)
				}
				checked={form.subtree}
				onChange={(value) => edit.set("subtree", value)}
			/>
			<button className="more-fields" type="button" aria-expanded={open} onClick={() => setMore(!open)}>
				<Icon name="next" />
				How it is sent
			</button>
			{open && (
				<div className="stack gap4">
					<Choice
						label="Order"
						value={form.ordering}
						onChange={(value) => edit.set("ordering", value)}
						options={orders}
						wrong={wrong("ordering")}
					/>
					<Field
						label="Rate"
						hint="Messages a second at most, 1 to 10,000. Empty is no limit."
						inputMode="numeric"
						value={form.rate}
						wrong={wrong("rate")}
						onChange={(e) => edit.set("rate", e.target.value.replace(/\D/g, ""))}
					/>
					<Field
						label="Waits before each attempt"
						hint="0s, 5s, 5m, 30m, 2h are five attempts. Empty is the usual: ten over 76 hours."
						value={form.schedule}
						wrong={wrong("schedule")}
						onChange={(e) => edit.set("schedule", e.target.value)}
						spellCheck={false}
					/>
					<TextField
						label="Headers"
						hint={
							before
								? "One a line, Name: value. Values are not shown; what is printed for one keeps it."
								: "One a line, Name: value. They go out with every message, and are not shown again."
						}
						value={form.headers}
						wrong={wrong("headers")}
						onChange={(e) => edit.set("headers", e.target.value)}
						spellCheck={false}
					/>
					{form.algorithm !== undefined && (
						<Choice
							label="Signature"
							value={form.algorithm}
							onChange={(value) => edit.set("algorithm", value)}
							options={algorithms}
							wrong={wrong("algorithm")}
						/>
					)}
					{form.algorithm === "v1" && (
						<Field
							label="A secret of your own"
							hint="16 letters or more. Empty: one is made, and shown once."
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
