/* What an organization is: changed in place, and never over somebody else's change. */

import { useState } from "react";
import { useLocation } from "wouter";
import { Failure, ask, url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Organization, OrganizationAttributes } from "../../api/resources";
import { useSend } from "../../api/query";
import { Dialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Check, Choice, Field, TextField } from "../../parts/field";
import { notify } from "../../parts/live";
import { Button, Section, Typed } from "../../parts/small";
import { count } from "../../words/count";
import { kinds } from "../../words/kinds";
import { MergeDialog, type Conflict } from "./Merge";
import type { TabProps } from "./Organization";

/** The attributes that are set here, as a form has them. */
interface Form {
	name: string;
	slug: string;
	kind: string;
	description: string;
	validFrom: string;
	validTo: string;
	webhookUrl: string;
	isEventProducer: boolean;
	locationTracking: boolean;
}

function formOf(a: OrganizationAttributes): Form {
	return {
		name: a.name ?? "",
		slug: a.slug ?? "",
		kind: a.kind ?? "other",
		description: a.description ?? "",
		validFrom: (a.validFrom ?? "").slice(0, 10),
		validTo: (a.validTo ?? "").slice(0, 10),
		webhookUrl: a.webhookUrl ?? "",
		isEventProducer: a.isEventProducer ?? false,
		locationTracking: a.locationTracking ?? false,
	};
}

/** Returns what a form would send of one of its members: what is empty is null, and a day begins at midnight UTC. */
function sent(name: keyof Form, value: string | boolean): unknown {
	if (typeof value === "boolean" || name === "name" || name === "slug" || name === "kind") return value;
	if (value === "") return null;
	return name === "validFrom" || name === "validTo" ? `${value}T00:00:00+00:00` : value;
}

export default function Settings(props: TabProps) {
	const { id, answer, organizations, may, store } = props;
	const [base, setBase] = useState<Answer<Organization>>(answer); // what the form began with
	const [form, setForm] = useState(() => formOf(answer.data.attributes));
	const [conflict, setConflict] = useState<Conflict | null>(null);
	const [deleting, setDeleting] = useState(false);
	const not = may("organizations:write") ? false : "It takes organizations:write here";
	const before = formOf(base.data.attributes);
	const changed = (Object.keys(form) as (keyof Form)[]).filter((k) => form[k] !== before[k]);
	const to = url(`${organizations}/${id}`);
	const adopt = (a: Answer<Organization>) => {
		setBase(a);
		setForm(formOf(a.data.attributes));
	};
	const send = useSend<Organization>((a) => {
		const undo = Object.fromEntries(changed.map((k) => [k, sent(k, before[k])]));
		adopt(a);
		void store.refresh();
		notify(`Changed ${changed.join(", ")}`, () => back.mutate({ to, method: "PATCH", ifMatch: a.etag, body: body(undo) }));
	});
	const back = useSend<Organization>((a) => {
		adopt(a);
		void store.refresh();
	});
	const body = (attributes: Record<string, unknown>) => ({ data: { type: "organizations", id, attributes } });
	const save = (etag: string | null, only: (keyof Form)[], values: Form) =>
		send.mutate(
			{ to, method: "PATCH", ifMatch: etag, body: body(Object.fromEntries(only.map((k) => [k, sent(k, values[k])]))) },
			{
				onError: async (e) => {
					if (e.status !== 412) return;
					const now = await ask<Organization>(to);
					const theirs = formOf(now.data.attributes);
					setConflict({
						now,
						rows: only
							.map((k) => ({ name: k, yours: String(values[k]), theirs: String(theirs[k]) }))
							.filter((r) => r.yours !== r.theirs),
					});
				},
			},
		);
	const set =
		<K extends keyof Form>(name: K) =>
		(value: Form[K]) =>
			setForm((f) => ({ ...f, [name]: value }));
	const error = send.error?.status === 412 ? null : send.error;
	const wrong = (name: string) => error?.at(`/data/attributes/${name}`);
	const text = (name: "name" | "slug" | "webhookUrl") => ({
		value: form[name],
		disabled: Boolean(not),
		wrong: wrong(name),
		onChange: (e: React.ChangeEvent<HTMLInputElement>) => set(name)(e.target.value),
	});
	const day = (name: "validFrom" | "validTo") => ({
		type: "date",
		value: form[name],
		disabled: Boolean(not),
		wrong: wrong(name),
		onChange: (e: React.ChangeEvent<HTMLInputElement>) => set(name)(e.target.value),
	});
	return (
		<div className="stack settings">
			{not && <p className="notice">{not}. What you see here you cannot change.</p>}
			<form
				className="stack gap4"
				noValidate
				onSubmit={(e) => {
					e.preventDefault();
					if (changed.length && !send.isPending) save(base.etag, changed, form);
				}}
			>
				<Faults error={error} fields={Object.keys(form).map((k) => `/data/attributes/${k}`)} />
				<Field label="Name" {...text("name")} />
				<Field label="Slug" hint="A unique name for URLs. Links that have the old one lead nowhere afterwards." {...text("slug")} />
				<Choice
					label="Kind"
					value={form.kind}
					disabled={Boolean(not)}
					onChange={set("kind")}
					wrong={wrong("kind")}
					options={kinds.map((k) => ({ value: k, label: k }))}
				/>
				<TextField
					label="Description"
					value={form.description}
					disabled={Boolean(not)}
					wrong={wrong("description")}
					onChange={(e) => set("description")(e.target.value)}
				/>
				<div className="pair">
					<Field label="Valid from" hint="The day in UTC; empty is always." {...day("validFrom")} />
					<Field label="Valid to" hint="It ceases to be active then; empty is never." {...day("validTo")} />
				</div>
				<Field
					label="Its own webhook"
					hint="Gets everything that happens here, signed. Empty ends it."
					type="url"
					inputMode="url"
					{...text("webhookUrl")}
				/>
				<Check label="Organizes events" checked={form.isEventProducer} disabled={Boolean(not)} onChange={set("isEventProducer")} />
				<Check
					label="Location of its people is tracked"
					checked={form.locationTracking}
					disabled={Boolean(not)}
					onChange={set("locationTracking")}
				/>
				<div className="row wrap save" data-on={changed.length ? "" : undefined}>
					<Button kind="main" type="submit" not={not || (changed.length === 0 && "Nothing is changed yet")}>
						{changed.length ? `Save ${count(changed.length, "change")}` : "Save"}
					</Button>
					{changed.length > 0 && (
						<Button kind="bare" onClick={() => setForm(before)}>
							Discard
						</Button>
					)}
				</div>
			</form>
			<Section id="ending" title="End it">
				<p className="second">
					Deleting takes the keys, endpoints and memberships out of use. A management key can restore it. To end it on a day
					instead, set “valid to”.
				</p>
				<p className="gapped">
					<Button
						kind="danger"
						not={may("organizations:delete") ? false : "It takes organizations:delete here"}
						onClick={() => setDeleting(true)}
					>
						Delete…
					</Button>
				</p>
			</Section>
			{conflict && (
				<MergeDialog
					conflict={conflict}
					id={id}
					close={() => setConflict(null)}
					settle={(mine) => {
						const merged = { ...formOf(conflict.now.data.attributes) };
						for (const k of mine as (keyof Form)[]) (merged as unknown as Record<string, unknown>)[k] = form[k];
						setConflict(null);
						setBase(conflict.now);
						setForm(merged);
						if (mine.length) save(conflict.now.etag, mine as (keyof Form)[], merged);
						else notify("Kept what they changed");
					}}
				/>
			)}
			{deleting && <DeleteDialog {...props} close={() => setDeleting(false)} />}
		</div>
	);
}

function DeleteDialog({ id, answer, organizations, store, close }: TabProps & { close: () => void }) {
	const [, go] = useLocation();
	const [typed, setTyped] = useState("");
	const org = answer.data;
	const below = org.meta?.counts?.descendants ?? 0;
	const parent = org.relationships?.parent?.data;
	const send = useSend(() => {
		close();
		notify(`Deleted ${org.attributes.name}`);
		void store.refresh();
		go(parent && !Array.isArray(parent) ? `/organizations/${parent.id}` : "/organizations");
	});
	const not =
		below > 0
			? `${count(below, "organization")} below must be deleted or moved first`
			: typed !== org.attributes.slug && "Type the slug first";
	return (
		<Dialog
			title={
				<>
					Delete <Typed>{org.attributes.name}</Typed>
				</>
			}
			intro={`${count(org.meta?.counts?.memberships ?? 0, "membership")} and ${count(org.meta?.counts?.endpoints ?? 0, "endpoint")} end with it.`}
			close={close}
			foot={
				<div className="dialog-foot">
					<Button
						kind="danger"
						not={not}
						onClick={() => send.mutate({ to: url(`${organizations}/${id}`), method: "DELETE", ifMatch: answer.etag })}
					>
						Delete it
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</div>
			}
		>
			<div className="dialog-body">
				{send.error instanceof Failure && <Faults error={send.error} />}
				{below > 0 ? (
					<p className="notice" data-is="warn">
						{count(below, "organization")} below {below === 1 ? "is" : "are"} alive. What is above living ones cannot be
						deleted.
					</p>
				) : (
					<Field
						label={
							<>
								Type <span className="mono">{org.attributes.slug}</span>
							</>
						}
						value={typed}
						onChange={(e) => setTyped(e.target.value)}
						autoComplete="off"
						spellCheck={false}
					/>
				)}
			</div>
		</Dialog>
	);
}
