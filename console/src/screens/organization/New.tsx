/* A new organization, below another one or as the head of a tree. */

import { useState } from "react";
import { useLocation } from "wouter";
import { organizationsOf, useMe } from "../../api/me";
import { useStanding } from "../../api/standing";
import { url } from "../../api/client";
import type { Organization } from "../../api/resources";
import { useRead } from "../../api/query";
import type { TreeStore } from "../../frame/tree-store";
import { FormDialog } from "../../parts/dialog";
import { useEdit } from "../../parts/edit";
import { Choice, Field } from "../../parts/field";
import { notify } from "../../parts/live";
import { Typed } from "../../parts/small";
import { kinds } from "../../words/kinds";
import { rich, t } from "../../words/message";
import { MergeDialog } from "./Merge";

export default function NewOrganization({ parent, store, close }: { parent?: string; store: TreeStore; close: () => void }) {
	const [, go] = useLocation();
	const organizations = organizationsOf(useMe().data?.data);
	const above = useRead<Organization>(parent ? url(`${organizations}/${parent}`, { "fields[organizations]": "name" }) : null);
	const by = useStanding();
	const [place, setPlace] = useState(parent ? "below" : "head");
	const edit = useEdit<Organization, { name: string; kind: string }>({
		made: {
			type: "organizations",
			relationships: place === "below" && parent ? { parent: { data: { type: "organizations", id: parent } } } : undefined,
		},
		to: url(organizations),
		form: (o) => ({ name: o?.attributes.name ?? "", kind: o?.attributes.kind ?? (parent ? "branch" : "company") }),
		sent: (_, value) => value.trim(),
		written: () => void store.refresh(),
		saved: (_names, _undo, a, more) => {
			notify(t("common.made", { name: a.data.attributes.name }));
			if (more) return;
			close();
			go(`/organizations/${a.data.id}`);
		},
	});
	const { form, base, error } = edit;
	const aboveName = above.data?.data.attributes.name ?? "";
	if (edit.conflict) return <MergeDialog conflict={edit.conflict} close={edit.closeConflict} settle={edit.settle} />;
	return (
		<FormDialog
			title={base ? rich("common.change2", { name: <Typed>{base.attributes.name}</Typed> }) : t("common.newOrganization")}
			intro={
				place === "below" && parent
					? rich("organization.new.belowWhoHasAnInheritable", { aboveName: <Typed>{aboveName}</Typed> })
					: t(by.bound ? "organization.new.belowWhatYourKeyIs" : "organization.new.theHeadOfATree")
			}
			close={close}
			unsaved={edit.changed.length > 0}
			submit={() => edit.save()}
			act={base ? t("common.saveCountChange", { count: edit.changed.length }) : t("common.makeIt")}
			not={
				!form.name.trim()
					? t("common.itNeedsAName")
					: edit.busy
						? t("common.itIsOnItsWay")
						: base && edit.changed.length === 0 && t("common.nothingIsChangedYet")
			}
			error={error}
			fields={["/data/attributes/name"]}
		>
			<Field
				label={t("common.name")}
				value={form.name}
				onChange={(e) => edit.set("name", e.target.value)}
				wrong={edit.wrong("name")}
				autoComplete="off"
				autoFocus
			/>
			<Choice
				label={t("common.kind")}
				value={form.kind}
				onChange={(kind) => edit.set("kind", kind)}
				options={kinds.map((k) => ({ value: k, label: k }))}
			/>
			{parent && !base && !by.heads && !by.bound && (
				<Choice
					label={t("common.where")}
					value={place}
					onChange={setPlace}
					options={[
						{ value: "below", label: t("organization.new.below", { aboveName }) },
						{ value: "head", label: t("organization.new.theHeadOfATree2") },
					]}
				/>
			)}
		</FormDialog>
	);
}
