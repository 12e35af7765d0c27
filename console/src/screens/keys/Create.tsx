/* A new key: its name, what it may do, and when it ends. */

import { useState } from "react";
import { url } from "../../api/client";
import { useStanding } from "../../api/standing";
import type { ApiKey } from "../../api/resources";
import { FormDialog } from "../../parts/dialog";
import { useEdit } from "../../parts/edit";
import { Choice, Field } from "../../parts/field";
import { notify } from "../../parts/live";
import { Typed } from "../../parts/small";
import { all } from "../../words/count";
import { rich, t } from "../../words/message";
import { MergeDialog } from "../organization/Merge";
import { PermissionMatrix } from "../permission-matrix";
import { SecretDialog } from "./Secret";

interface Form {
	name: string;
	scopes: string[];
	/** One of the ends that are offered. */
	expiresAt: string;
}

const ends = [
	{ value: "30", label: t("keys.create.in30Days") },
	{ value: "90", label: t("keys.create.in90Days") },
	{ value: "365", label: t("keys.create.inAYear") },
	{ value: "", label: t("common.never") },
];

/** Returns the time so many days after another one. */
function after(days: string, from: number): string {
	return new Date(Math.floor(from / 1000) * 1000 + Number(days) * 86_400_000).toISOString();
}

/** organization is whose it is; without one it is the caller's own. */
export function CreateKey({
	organization,
	may,
	made,
	close,
}: {
	organization?: string;
	may?: (word: string) => boolean;
	made: (k: ApiKey) => void;
	close: () => void;
}) {
	const [opened] = useState(Date.now); // a second try asks for the same as the first, and is known by that
	const { until } = useStanding();
	const offered =
		until === undefined
			? ends
			: [
					...ends.filter((e) => e.value && after(e.value, opened) <= until),
					{ value: "own", label: t("keys.create.whenYourKeyEnds") },
				];
	const first = offered.some((e) => e.value === "90") ? "90" : "own";
	const timeOf = (end: string) => (end === "own" ? (until ?? null) : end ? after(end, opened) : null);
	const endOf = (at: string | null | undefined) =>
		offered.find((e) => Date.parse(timeOf(e.value) ?? "") === Date.parse(at ?? ""))?.value ?? (at ? first : "");
	const [secretOf, setSecretOf] = useState<ApiKey | null>(null);
	const edit = useEdit<ApiKey, Form>({
		made: {
			type: "apiKeys",
			...(organization
				? {
						attributes: { kind: "organization" },
						relationships: { organization: { data: { type: "organizations", id: organization } } },
					}
				: {}),
		},
		to: url("apiKeys"),
		form: (k) => ({
			name: k?.attributes.name ?? "",
			scopes: k ? (k.attributes.scopes ?? []) : ["organizations:read"],
			expiresAt: k ? endOf(k.attributes.expiresAt) : first,
		}),
		sent: (member, value) => (typeof value !== "string" ? value : member === "expiresAt" ? timeOf(value) : value.trim()),
		saved: (changed, _undo, a, more) => {
			if (!edit.base) return more ? setSecretOf(a.data) : made(a.data);
			if (!more) close();
			notify(t("common.changed2", { join: all(changed) }));
		},
	});
	const { form, base, changed, wrong } = edit;
	if (secretOf)
		return (
			<SecretDialog
				title={t("common.theSecretOf", { name: secretOf.attributes.name })}
				secret={secretOf.attributes.key ?? ""}
				close={() => setSecretOf(null)}
			/>
		);
	if (edit.conflict) return <MergeDialog conflict={edit.conflict} close={edit.closeConflict} settle={edit.settle} />;
	return (
		<FormDialog
			title={base ? rich("common.change2", { name: <Typed>{base.attributes.name}</Typed> }) : t("common.newKey")}
			intro={t("keys.create.forAProgramItsSecret")}
			close={close}
			unsaved={changed.length > 0}
			submit={() => edit.save()}
			act={
				base
					? t("common.saveCountChange", { count: changed.length })
					: t("keys.create.makeItWithCountScope", { count: form.scopes.length })
			}
			not={
				!form.name.trim()
					? t("common.itNeedsAName")
					: form.scopes.length === 0
						? t("keys.create.itNeedsAScope")
						: edit.busy
							? t("common.itIsOnItsWay")
							: base && changed.length === 0 && t("common.nothingIsChangedYet")
			}
			error={edit.error}
			fields={edit.fields}
		>
			<Field
				label={t("common.name")}
				hint={t("keys.create.whatItIsForThe")}
				value={form.name}
				wrong={wrong("name")}
				onChange={(e) => edit.set("name", e.target.value)}
				autoComplete="off"
				autoFocus
			/>
			<PermissionMatrix
				label={t("common.scopes")}
				value={form.scopes}
				onChange={(scopes) => edit.set("scopes", scopes)}
				may={may ?? (() => true)}
				all
				at={organization}
				wrong={wrong("scopes")}
			/>
			<Choice
				label={t("common.ends")}
				value={form.expiresAt}
				onChange={(end) => edit.set("expiresAt", end)}
				options={offered}
				wrong={wrong("expiresAt")}
			/>
		</FormDialog>
	);
}
