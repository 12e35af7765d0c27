/* A role: made, or changed. Whom a change is about is said before it is saved. */

import { useState } from "react";
import { Failure, url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Role, RoleAttributes } from "../../api/resources";
import { useRead } from "../../api/query";
import { Dialog, FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Check, Choice, Field } from "../../parts/field";
import { useEdit } from "../../parts/edit";
import { notify } from "../../parts/live";
import { Button, Ghosts, Typed } from "../../parts/small";
import { row, all } from "../../words/count";
import { MergeDialog } from "./Merge";
import { PermissionMatrix } from "../permission-matrix";
import { others, words } from "../permissions";
import { holds } from "../../api/me";
import { useHolders } from "./role-holders";
import { rich, t } from "../../words/message";

interface Form {
	name: string;
	key: string;
	description: string;
	rank: string;
	inheritable: boolean;
	permissions: string[];
}

function formOf(a?: RoleAttributes): Form {
	return {
		name: a?.name ?? "",
		key: a?.key ?? "",
		description: a?.description ?? "",
		rank: String(a?.rank ?? 10),
		inheritable: a?.inheritable ?? true,
		permissions: (a?.permissions ?? []).toSorted(),
	};
}

function sent(name: keyof Form, value: Form[keyof Form]): unknown {
	if (name === "rank") return Number(value);
	if (name === "description") return String(value).trim() || null;
	return typeof value === "string" ? value.trim() : value;
}

/** Returns a key for a name: what programs know the role by. */
function keyOf(name: string): string {
	const plain = name
		.normalize("NFKD")
		.replace(/\p{M}/gu, "")
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, "-");
	return plain.replace(/^[^a-z]+|-+$/g, "").slice(0, 63);
}

interface FormProps {
	organization: string;
	/** The role that is changed; without it one is made. */
	role?: Role;
	/** Those that it can begin as, and be compared with. */
	roles: Role[];
	may: (word: string) => boolean;
	saved: (role: Role) => void;
	close: () => void;
}

/** Reads a role that is changed once more, for its version. */
export default function RoleForm(props: FormProps) {
	const read = useRead<Role>(props.role ? url(`roles/${props.role.id}`) : null, { every: false });
	if (!props.role) return <RoleDialog {...props} />;
	if (read.data && read.isFetchedAfterMount) return <RoleDialog {...props} answer={read.data} />;
	return (
		<Dialog
			title={t("organization.roleForm.changeARole")}
			close={props.close}
			foot={
				<div className="dialog-foot">
					<Button onClick={props.close}>{t("common.close")}</Button>
				</div>
			}
		>
			<div className="dialog-body">{read.error instanceof Failure ? <Faults error={read.error} /> : <Ghosts />}</div>
		</Dialog>
	);
}

function RoleDialog({ organization, role: first, roles, may, saved, close, answer }: FormProps & { answer?: Answer<Role> }) {
	const [against, setAgainst] = useState("");
	const edit = useEdit<Role, Form>({
		read: answer,
		made: { type: "roles", relationships: { organization: { data: { type: "organizations", id: organization } } } },
		to: first ? url(`roles/${first.id}`) : url("roles"),
		form: (r) => formOf(r?.attributes),
		sent,
		saved: (_names, _undo, a, more) => {
			if (!more) close();
			saved(a.data);
			notify(
				edit.base
					? t("organization.roleForm.changed", { name: a.data.attributes.name })
					: t("common.made", { name: a.data.attributes.name }),
			);
		},
	});
	const { form, changed, wrong, error } = edit;
	const role = first ?? edit.base; // what was made here is changed, if something was typed meanwhile
	const holders = useHolders(role?.id);
	const [keyTyped, setKeyTyped] = useState(Boolean(first));
	const other = roles.find((r) => r.id === against);
	const before = other ? (other.attributes.permissions ?? []) : role && edit.base ? formOf(edit.base.attributes).permissions : undefined;
	const held = holders?.people ?? 0;
	const touches = changed.some((c) => c === "permissions" || c === "inheritable");
	const save = !role
		? t("common.makeIt")
		: !changed.length
			? t("common.save")
			: touches && held > 0
				? t("organization.roleForm.saveAndChangeHeldPerson", { held })
				: t("common.saveCountChange", { count: changed.length });
	const not = !form.name.trim()
		? t("common.itNeedsAName")
		: role && !changed.length
			? t("common.nothingIsChangedYet")
			: edit.busy && t("common.itIsOnItsWay");
	if (edit.conflict) return <MergeDialog conflict={edit.conflict} close={edit.closeConflict} settle={edit.settle} />;
	return (
		<FormDialog
			title={role ? rich("common.change2", { name: <Typed>{role.attributes.name}</Typed> }) : t("common.newRole")}
			intro={t("organization.roleForm.itCanBeGivenHere")}
			close={close}
			unsaved={changed.length > 0}
			submit={() => edit.save()}
			act={save}
			not={not}
			error={error}
			fields={edit.fields}
			beside={role && touches && <Effect before={formOf(edit.base?.attributes).permissions} now={form.permissions} />}
		>
			<Field
				label={t("common.name")}
				value={form.name}
				wrong={wrong("name")}
				onChange={(e) => {
					edit.set("name", e.target.value);
					if (!keyTyped && !role) edit.set("key", keyOf(e.target.value));
				}}
				autoComplete="off"
				autoFocus
			/>
			<div className="pair fields">
				<Field
					label={t("common.key2")}
					hint={role ? t("organization.roleForm.programsKnowItByThis") : t("organization.roleForm.whatProgramsKnowItBy")}
					value={form.key}
					wrong={wrong("key")}
					onChange={(e) => {
						setKeyTyped(true);
						edit.set("key", e.target.value);
					}}
					autoComplete="off"
					spellCheck={false}
				/>
				<Field
					label={t("organization.roleForm.rank")}
					hint={t("organization.roleForm.1To99NobodyGives")}
					inputMode="numeric"
					value={form.rank}
					wrong={wrong("rank")}
					onChange={(e) => edit.set("rank", e.target.value.replace(/\D/g, "").slice(0, 3))}
				/>
			</div>
			<Field
				label={t("common.description")}
				value={form.description}
				wrong={wrong("description")}
				onChange={(e) => edit.set("description", e.target.value)}
				autoComplete="off"
			/>
			<Check
				label={t("organization.roleForm.countsBelowAsWell")}
				hint={t("organization.roleForm.inTheOrganizationsBelowThe")}
				checked={form.inheritable}
				onChange={(value) => edit.set("inheritable", value)}
			/>
			{!role && (
				<Choice
					label={t("organization.roleForm.beginWith")}
					value=""
					onChange={(id) => {
						const from = roles.find((r) => r.id === id)?.attributes.permissions ?? [];
						edit.set(
							"permissions",
							(from.includes("*") ? words : from).filter(
								(w) => may(w) && !(w.endsWith(":read") && from.includes(w.replace(/read$/, "write"))),
							),
						);
					}}
					options={[
						{ value: "", label: t("organization.roleForm.whatIsChosenBelow") },
						...roles.map((r) => ({ value: r.id, label: t("organization.roleForm.whatPermits", { name: r.attributes.name }) })),
					]}
				/>
			)}
			<Choice
				label={t("common.compareWith")}
				value={against}
				onChange={setAgainst}
				options={[
					{ value: "", label: role ? t("organization.roleForm.whatItPermitsNow") : t("common.nothing") },
					...roles.filter((r) => r.id !== role?.id).map((r) => ({ value: r.id, label: r.attributes.name ?? "" })),
				]}
			/>
			<PermissionMatrix
				label={t("organization.roleForm.whatItPermits")}
				value={form.permissions}
				onChange={(value) => edit.set("permissions", value)}
				may={may}
				before={before}
				at={organization}
				wrong={wrong("permissions")}
			/>
		</FormDialog>
	);
}

/** Says in words what those who hold it gain and lose. */
function Effect({ before, now }: { before: string[]; now: string[] }) {
	const known = [...new Set([...words, ...others(before), ...others(now)])];
	const gained = known.filter((w) => holds(now, w) && !holds(before, w));
	const lost = known.filter((w) => holds(before, w) && !holds(now, w));
	const told = (list: string[]) =>
		list.length > 3 ? t("common.andMore", { join: row(list.slice(0, 2)), count: list.length - 2 }) : all(list);
	return (
		<p className="second" role="status">
			{gained.length > 0 && t("organization.roleForm.theyGain", { told: told(gained) })}
			{lost.length > 0 && t("organization.roleForm.theyLose", { told: told(lost) })}
		</p>
	);
}
