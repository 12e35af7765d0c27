/* What an organization is: changed in place, and never over somebody else's change. */

import { useState } from "react";
import { Link, useLocation } from "wouter";
import { forOthers, goesOn, useStanding } from "../../api/standing";
import { Failure, url } from "../../api/client";
import type { Organization, OrganizationAttributes } from "../../api/resources";
import { useSend } from "../../api/query";
import { Dialog } from "../../parts/dialog";
import { useEdit } from "../../parts/edit";
import { Faults } from "../../parts/failure";
import { Check, Choice, Field, TextField } from "../../parts/field";
import { notify } from "../../parts/live";
import { Button, Section, Typed } from "../../parts/small";
import { letGo } from "../../parts/unsaved";
import { count } from "../../words/count";
import { kinds } from "../../words/kinds";
import { lackingFor } from "../webhooks/rights";
import { everything } from "../webhooks/event-types";
import { LivingBelow } from "./LivingBelow";
import { Logo } from "./Logo";
import { MergeDialog } from "./Merge";
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
	const [deleting, setDeleting] = useState(false);
	const not = may("organizations:write") ? false : "It takes organizations:write here";
	const by = useStanding();
	// It is an endpoint for everything, by another name.
	const notOwn = not || lackingFor([everything], may) || goesOn(by);
	const edit = useEdit<Organization, Form>({
		read: answer,
		to: url(`${organizations}/${id}`),
		form: (o) => formOf(o?.attributes ?? {}),
		sent,
		written: () => void store.refresh(),
		saved: (changed, undo) => notify(`Changed ${changed.join(", ")}`, undo),
	});
	const { form, changed, wrong } = edit;
	const input = (name: "name" | "slug" | "webhookUrl" | "validFrom" | "validTo") => ({
		value: form[name],
		disabled: Boolean(not),
		wrong: wrong(name),
		onChange: (e: React.ChangeEvent<HTMLInputElement>) => edit.set(name, e.target.value),
	});
	return (
		<div className="stack settings">
			{not && <p className="notice">{not}. What you see here you cannot change.</p>}
			<form
				className="stack gap4"
				noValidate
				onSubmit={(e) => {
					e.preventDefault();
					edit.save();
				}}
			>
				<Faults error={edit.error} fields={edit.fields} />
				<Field label="Name" {...input("name")} />
				<Field
					label="Slug"
					hint="A unique name for URLs. Links that have the old one lead nowhere afterwards."
					{...input("slug")}
				/>
				<Choice
					label="Kind"
					value={form.kind}
					disabled={Boolean(not)}
					onChange={(kind) => edit.set("kind", kind)}
					wrong={wrong("kind")}
					options={kinds.map((k) => ({ value: k, label: k }))}
				/>
				<TextField
					label="Description"
					value={form.description}
					disabled={Boolean(not)}
					wrong={wrong("description")}
					onChange={(e) => edit.set("description", e.target.value)}
				/>
				<div className="pair">
					<Field label="Valid from" hint="The day in UTC; empty is always." type="date" {...input("validFrom")} />
					<Field label="Valid to" hint="It ceases to be active then; empty is never." type="date" {...input("validTo")} />
				</div>
				<Field
					label="Its own webhook"
					type="url"
					inputMode="url"
					{...input("webhookUrl")}
					hint={(!not && notOwn) || "Gets everything that happens here, signed. Empty ends it."}
					disabled={Boolean(notOwn)}
				/>
				<Check
					label="Organizes events"
					checked={form.isEventProducer}
					disabled={Boolean(not)}
					onChange={(on) => edit.set("isEventProducer", on)}
				/>
				<Check
					label="Location of its people is tracked"
					checked={form.locationTracking}
					disabled={Boolean(not)}
					onChange={(on) => edit.set("locationTracking", on)}
				/>
				<div className="row wrap save" data-on={changed.length ? "" : undefined}>
					<Button kind="main" type="submit" not={not || (changed.length === 0 && "Nothing is changed yet")}>
						{changed.length ? `Save ${count(changed.length, "change")}` : "Save"}
					</Button>
					{changed.length > 0 && (
						<Button kind="bare" onClick={edit.discard}>
							Discard
						</Button>
					)}
				</div>
			</form>
			<Logo answer={answer} organizations={organizations} not={not} />
			<Section id="ending" title="End it">
				<p className="second">
					Deleting takes the keys, endpoints and memberships out of use. A management key can restore it. To end it on a day
					instead, set “valid to”.
				</p>
				<p className="gapped">
					<Button
						kind="danger"
						not={may("organizations:delete") ? forOthers(by) : "It takes organizations:delete here"}
						onClick={() => setDeleting(true)}
					>
						Delete…
					</Button>
				</p>
			</Section>
			{edit.conflict && <MergeDialog conflict={edit.conflict} close={edit.closeConflict} settle={edit.settle} />}
			{deleting && <DeleteDialog {...props} close={() => setDeleting(false)} />}
		</div>
	);
}

function DeleteDialog({ id, answer, organizations, store, close }: TabProps & { close: () => void }) {
	const [, go] = useLocation();
	const [typed, setTyped] = useState("");
	const org = answer.data;
	const counts = org.meta?.counts ?? {};
	const below = counts.descendants ?? 0;
	const ends = [
		// of what may not be told there is no number
		counts.memberships !== undefined && count(counts.memberships, "membership"),
		counts.endpoints !== undefined && count(counts.endpoints, "endpoint"),
	]
		.filter(Boolean)
		.join(" and ");
	const parent = org.relationships?.parent?.data;
	const send = useSend(() => {
		close();
		notify(`Deleted ${org.attributes.name}`);
		void store.refresh();
		letGo(); // what was typed was about it
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
			intro={ends ? `${ends} end with it.` : "What belongs to it ends with it."}
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
					<>
						<p className="notice" data-is="warn">
							<span>
								<Link href={`/organizations?view=list&filter[parent]=${id}`}>{count(below, "organization")} below</Link>{" "}
								{below === 1 ? "is" : "are"} alive. What is above living ones cannot be deleted.
							</span>
						</p>
						<LivingBelow id={id} organizations={organizations} close={close} />
					</>
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
