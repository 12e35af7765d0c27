/* What an organization is: changed in place, and never over somebody else's change. */

import { all } from "../../words/count";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { forOthers, goesOn, useStanding } from "../../api/standing";
import { url } from "../../api/client";
import type { Organization, OrganizationAttributes } from "../../api/resources";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { useEdit } from "../../parts/edit";
import { Faults } from "../../parts/failure";
import { Check, Choice, Field, TextField } from "../../parts/field";
import { notify } from "../../parts/live";
import { Button, Section, Typed } from "../../parts/small";
import { letGo } from "../../parts/unsaved";
import { kinds } from "../../words/kinds";
import { lackingFor } from "../webhooks/rights";
import { everything } from "../webhooks/event-types";
import { LivingBelow } from "./LivingBelow";
import { Logo } from "./Logo";
import { MergeDialog } from "./Merge";
import type { TabProps } from "./Organization";
import { rich, t } from "../../words/message";

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
	const not = may("organizations:write") ? false : t("common.itTakesOrganizationsWriteHere");
	const by = useStanding();
	// It is an endpoint for everything, by another name.
	const notOwn = not || lackingFor([everything], may) || goesOn(by);
	const edit = useEdit<Organization, Form>({
		read: answer,
		to: url(`${organizations}/${id}`),
		form: (o) => formOf(o?.attributes ?? {}),
		sent,
		written: () => void store.refresh(),
		saved: (changed, undo) => notify(t("common.changed2", { join: all(changed) }), undo),
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
			{not && <p className="notice">{t("organization.settings.whatYouSeeHereYou", { not })}</p>}
			<form
				className="stack gap4"
				noValidate
				onSubmit={(e) => {
					e.preventDefault();
					edit.save();
				}}
			>
				<Faults error={edit.error} fields={edit.fields} />
				<Field label={t("common.name")} {...input("name")} />
				<Field label={t("organization.settings.slug")} hint={t("organization.settings.aUniqueNameForUrls")} {...input("slug")} />
				<Choice
					label={t("common.kind")}
					value={form.kind}
					disabled={Boolean(not)}
					onChange={(kind) => edit.set("kind", kind)}
					wrong={wrong("kind")}
					options={kinds.map((k) => ({ value: k, label: k }))}
				/>
				<TextField
					label={t("common.description")}
					value={form.description}
					disabled={Boolean(not)}
					wrong={wrong("description")}
					onChange={(e) => edit.set("description", e.target.value)}
				/>
				<div className="pair">
					<Field
						label={t("organization.settings.validFrom")}
						hint={t("organization.settings.theDayInUtcEmpty")}
						type="date"
						{...input("validFrom")}
					/>
					<Field
						label={t("organization.settings.validTo")}
						hint={t("organization.settings.itCeasesToBeActive")}
						type="date"
						{...input("validTo")}
					/>
				</div>
				<Field
					label={t("common.itsOwnWebhook")}
					type="url"
					inputMode="url"
					{...input("webhookUrl")}
					hint={(!not && notOwn) || t("organization.settings.getsEverythingThatHappensHere")}
					disabled={Boolean(notOwn)}
				/>
				<Check
					label={t("organization.settings.organizesEvents")}
					checked={form.isEventProducer}
					disabled={Boolean(not)}
					onChange={(on) => edit.set("isEventProducer", on)}
				/>
				<Check
					label={t("organization.settings.locationOfItsPeopleIs")}
					checked={form.locationTracking}
					disabled={Boolean(not)}
					onChange={(on) => edit.set("locationTracking", on)}
				/>
				<div className="row wrap save" data-on={changed.length ? "" : undefined}>
					<Button
						kind="main"
						type="submit"
						not={not || (edit.busy && t("common.itIsOnItsWay")) || (changed.length === 0 && t("common.nothingIsChangedYet"))}
					>
						{changed.length ? t("common.saveCountChange", { count: changed.length }) : t("common.save")}
					</Button>
					{changed.length > 0 && (
						<Button kind="bare" onClick={edit.discard}>
							{t("common.discard")}
						</Button>
					)}
				</div>
			</form>
			<Logo answer={answer} organizations={organizations} not={not} />
			<Section id="ending" title={t("common.endIt")}>
				<p className="second">{t("organization.settings.deletingTakesTheKeysEndpoints")}</p>
				<p className="gapped">
					<Button
						kind="danger"
						not={may("organizations:delete") ? forOthers(by) : t("organization.settings.itTakesOrganizationsDeleteHere")}
						onClick={() => setDeleting(true)}
					>
						{t("common.delete2")}
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
	const ended = [
		// of what may not be told there is no number
		counts.memberships !== undefined && t("organization.settings.membershipsMembership", { memberships: counts.memberships }),
		counts.endpoints !== undefined && t("common.endpointsEndpoint", { endpoints: counts.endpoints }),
	];
	const ends = all(ended.filter((e) => typeof e === "string"));
	const parent = org.relationships?.parent?.data;
	const send = useSend(() => {
		close();
		notify(t("common.deleted2", { name: org.attributes.name }));
		void store.refresh();
		letGo(); // what was typed was about it
		go(parent && !Array.isArray(parent) ? `/organizations/${parent.id}` : "/organizations");
	});
	const not =
		below > 0 ? t("organization.settings.belowOrganization", { below }) : typed !== org.attributes.slug && t("common.typeTheSlugFirst");
	return (
		<FormDialog
			title={rich("common.delete", { name: <Typed>{org.attributes.name}</Typed> })}
			intro={ends ? t("organization.settings.endWithIt", { ends }) : t("organization.settings.whatBelongsToItEnds")}
			close={close}
			act={t("common.deleteIt")}
			submit={() => send.mutate({ to: url(`${organizations}/${id}`), method: "DELETE", ifMatch: answer.etag })}
			danger
			not={not}
			busy={send.isPending}
			error={send.error}
		>
			{below > 0 ? (
				<>
					<p className="notice" data-is="warn">
						<span>
							{below === 1
								? rich("organization.settings.belowOrganization2", {
										link: (words) => <Link href={`/organizations?view=list&filter[parent]=${id}`}>{words}</Link>,
										below,
									})
								: rich("organization.settings.belowOrganization3", {
										link: (words) => <Link href={`/organizations?view=list&filter[parent]=${id}`}>{words}</Link>,
										below,
									})}
						</span>
					</p>
					<LivingBelow id={id} organizations={organizations} close={close} />
				</>
			) : (
				<Field
					label={rich("common.type2", { slug: <span className="mono">{org.attributes.slug}</span> })}
					value={typed}
					onChange={(e) => setTyped(e.target.value)}
					autoComplete="off"
					spellCheck={false}
				/>
			)}
		</FormDialog>
	);
}
