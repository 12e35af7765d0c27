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
import { Faults } from "../../parts/failure";
import { Choice, Field } from "../../parts/field";
import { notify } from "../../parts/live";
import { Button, Typed } from "../../parts/small";
import { kinds } from "../../words/kinds";

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
		notify(`Made ${a.data.attributes.name}`);
		void store.refresh();
		go(`/organizations/${a.data.id}`);
	});
	const submit = () =>
		name.trim() &&
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
			title="New organization"
			intro={
				place === "below" && parent ? (
					<>
						Below <Typed>{aboveName}</Typed>. Who has an inheritable role there has it here as well.
					</>
				) : (
					(by.bound && "Below the organization that your key is bound to.") || "The head of a tree of its own."
				)
			}
			close={close}
			submit={submit}
			buttons={
				<>
					<Button kind="main" type="submit" not={!name.trim() ? "It needs a name" : send.isPending && "It is on its way"}>
						Make it
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<Faults error={send.error} fields={["/data/attributes/name"]} />
			<Field
				label="Name"
				value={name}
				onChange={(e) => setName(e.target.value)}
				wrong={send.error?.at("/data/attributes/name")}
				autoComplete="off"
				autoFocus
			/>
			<Choice label="Kind" value={kind} onChange={setKind} options={kinds.map((k) => ({ value: k, label: k }))} />
			{parent && !by.heads && !by.bound && (
				<Choice
					label="Where"
					value={place}
					onChange={setPlace}
					options={[
						{ value: "below", label: `below ${aboveName}` },
						{ value: "head", label: "the head of a tree of its own" },
					]}
				/>
			)}
		</FormDialog>
	);
}
