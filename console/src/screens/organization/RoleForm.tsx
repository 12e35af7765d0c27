/* A role: made, or changed. Whom a change is about is said before it is saved. */

import { useState } from "react";
import { Failure, url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Role, RoleAttributes } from "../../api/resources";
import { useRead } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Check, Choice, Field } from "../../parts/field";
import { useEdit } from "../../parts/edit";
import { notify } from "../../parts/live";
import { Button, Ghosts, Typed } from "../../parts/small";
import { all, count } from "../../words/count";
import { MergeDialog } from "./Merge";
import { PermissionMatrix } from "../permission-matrix";
import { others, words } from "../permissions";
import { holds } from "../../api/me";
import { useHolders } from "./role-holders";

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
		<FormDialog title="Change a role" close={props.close} submit={props.close} buttons={<Button type="submit">Close</Button>}>
			{read.error instanceof Failure ? <Faults error={read.error} /> : <Ghosts />}
		</FormDialog>
	);
}

function RoleDialog({ organization, role, roles, may, saved, close, answer }: FormProps & { answer?: Answer<Role> }) {
	const [against, setAgainst] = useState("");
	const holders = useHolders(role?.id);
	const edit = useEdit<Role, Form>({
		read: answer,
		made: { type: "roles", relationships: { organization: { data: { type: "organizations", id: organization } } } },
		to: role ? url(`roles/${role.id}`) : url("roles"),
		form: (r) => formOf(r?.attributes),
		sent,
		saved: (_names, _undo, a) => {
			close();
			saved(a.data);
			notify(role ? `Changed ${a.data.attributes.name}` : `Made ${a.data.attributes.name}`);
		},
	});
	const { form, changed, wrong, error } = edit;
	const [keyTyped, setKeyTyped] = useState(Boolean(role));
	const other = roles.find((r) => r.id === against);
	const before = other ? (other.attributes.permissions ?? []) : role && edit.base ? formOf(edit.base.attributes).permissions : undefined;
	const held = holders?.people ?? 0;
	const touches = changed.some((c) => c === "permissions" || c === "inheritable");
	const save = !role
		? "Make it"
		: !changed.length
			? "Save"
			: touches && held > 0
				? `Save, and change ${count(held, "person", "people")}`
				: `Save ${count(changed.length, "change")}`;
	const not = !form.name.trim()
		? "It needs a name"
		: role && !changed.length
			? "Nothing is changed yet"
			: edit.busy && "It is on its way";
	if (edit.conflict) return <MergeDialog conflict={edit.conflict} close={edit.closeConflict} settle={edit.settle} />;
	return (
		<FormDialog
			title={
				role ? (
					<>
						Change <Typed>{role.attributes.name}</Typed>
					</>
				) : (
					"New role"
				)
			}
			intro="It can be given here and in everything below."
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
					{role && touches && <Effect before={formOf(edit.base?.attributes).permissions} now={form.permissions} />}
				</>
			}
		>
			<Faults error={error} fields={edit.fields} />
			<Field
				label="Name"
				value={form.name}
				wrong={wrong("name")}
				onChange={(e) => {
					edit.set("name", e.target.value);
					if (!keyTyped) edit.set("key", keyOf(e.target.value));
				}}
				autoComplete="off"
				autoFocus
			/>
			<div className="pair fields">
				<Field
					label="Key"
					hint={role ? "Programs know it by this: what asks for the old one finds it no more." : "What programs know it by."}
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
					label="Rank"
					hint="1 to 99. Nobody gives a role that is higher than their own."
					inputMode="numeric"
					value={form.rank}
					wrong={wrong("rank")}
					onChange={(e) => edit.set("rank", e.target.value.replace(/\D/g, "").slice(0, 3))}
				/>
			</div>
			<Field
				label="Description"
				value={form.description}
				wrong={wrong("description")}
				onChange={(e) => edit.set("description", e.target.value)}
				autoComplete="off"
			/>
			<Check
				label="Counts below as well"
				hint="In the organizations below the one where it is given."
				checked={form.inheritable}
				onChange={(value) => edit.set("inheritable", value)}
			/>
			{!role && (
				<Choice
					label="Begin with"
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
						{ value: "", label: "what is chosen below" },
						...roles.map((r) => ({ value: r.id, label: `what ${r.attributes.name} permits` })),
					]}
				/>
			)}
			<Choice
				label="Compare with"
				value={against}
				onChange={setAgainst}
				options={[
					{ value: "", label: role ? "what it permits now" : "nothing" },
					...roles.filter((r) => r.id !== role?.id).map((r) => ({ value: r.id, label: r.attributes.name ?? "" })),
				]}
			/>
			<PermissionMatrix
				label="What it permits"
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
	const told = (list: string[]) => (list.length > 3 ? `${list.slice(0, 2).join(", ")} and ${list.length - 2} more` : all(list));
	return (
		<p className="second" role="status">
			{gained.length > 0 && `They gain ${told(gained)}. `}
			{lost.length > 0 && `They lose ${told(lost)}.`}
		</p>
	);
}
