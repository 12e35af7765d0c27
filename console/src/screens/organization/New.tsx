/* A new organization, below another one or as the head of a tree. */

import { useState } from "react";
import { useLocation } from "wouter";
import { organizationsOf, useMe } from "../../api/me";
import { useStanding } from "../../api/standing";
import { url } from "../../api/client";
import type { Organization } from "../../api/resources";
import { useRead, useSend } from "../../api/query";
import type { TreeStore } from "../../frame/tree-store";
import { FormDialog } from "../../parts/dialog";
import { Choice, Field } from "../../parts/field";
import { notify } from "../../parts/live";
import { Typed } from "../../parts/small";
import { kinds } from "../../words/kinds";
import { rich, t } from "../../words/message";

export default function NewOrganization({ parent, store, close }: { parent?: string; store: TreeStore; close: () => void }) {
	const [, go] = useLocation();
	const organizations = organizationsOf(useMe().data?.data);
	const above = useRead<Organization>(parent ? url(`${organizations}/${parent}`, { "fields[organizations]": "name" }) : null);
	const by = useStanding();
	const [name, setName] = useState("");
	const [kind, setKind] = useState(parent ? "branch" : "company");
	const [place, setPlace] = useState(parent ? "below" : "head");
	const send = useSend<Organization>((a) => {
		close();
		notify(t("common.made", { name: a.data.attributes.name }));
		void store.refresh();
		go(`/organizations/${a.data.id}`);
	});
	const submit = () =>
		send.mutate({
			to: url(organizations),
			method: "POST",
			body: {
				data: {
					type: "organizations",
					attributes: { name: name.trim(), kind },
					...(place === "below" && parent ? { relationships: { parent: { data: { type: "organizations", id: parent } } } } : {}),
				},
			},
		});
	const aboveName = above.data?.data.attributes.name ?? "";
	return (
		<FormDialog
			title={t("common.newOrganization")}
			intro={
				place === "below" && parent
					? rich("organization.new.belowWhoHasAnInheritable", { aboveName: <Typed>{aboveName}</Typed> })
					: t(by.bound ? "organization.new.belowWhatYourKeyIs" : "organization.new.theHeadOfATree")
			}
			close={close}
			unsaved={name.trim() !== ""}
			submit={submit}
			act={t("common.makeIt")}
			not={!name.trim() ? t("common.itNeedsAName") : send.isPending && t("common.itIsOnItsWay")}
			error={send.error}
			fields={["/data/attributes/name"]}
		>
			<Field
				label={t("common.name")}
				value={name}
				onChange={(e) => setName(e.target.value)}
				wrong={send.error?.at("/data/attributes/name")}
				autoComplete="off"
				autoFocus
			/>
			<Choice label={t("common.kind")} value={kind} onChange={setKind} options={kinds.map((k) => ({ value: k, label: k }))} />
			{parent && !by.heads && !by.bound && (
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
