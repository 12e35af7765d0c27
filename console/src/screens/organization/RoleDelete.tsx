/* Deleting a role. Who holds it gets another one in the same request: all of them, and the role is gone, or nothing is changed. */

import { useState } from "react";
import { Failure, ask, url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Membership, Role } from "../../api/resources";
import { queries } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Choice } from "../../parts/field";
import { notify } from "../../parts/live";
import { Ghosts, Typed } from "../../parts/small";
import { most, operate, type Operation } from "../operations";
import { useHolders } from "./role-holders";
import { rich, t } from "../../words/message";

interface DeleteProps {
	role: Role;
	/** Those that can be given in its place. */
	roles: Role[];
	deleted: () => void;
	close: () => void;
}

export default function DeleteRole({ role, roles, deleted, close }: DeleteProps) {
	const holders = useHolders(role.id);
	const [instead, setInstead] = useState("");
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<Failure | null>(null);
	const name = role.attributes.name ?? "";
	const held = holders?.total ?? 0;
	const not = !holders
		? t("organization.roleDelete.whoHoldsItIsBeing")
		: held > 0 && !instead && t("organization.roleDelete.chooseWhatTheyGetInstead");
	const submit = async () => {
		if (not || busy) return;
		setBusy(true);
		setError(null);
		try {
			await replaceAndDelete(role.id, instead);
			close();
			deleted();
			notify(t("common.deleted2", { name }));
		} catch (e) {
			if (!(e instanceof Failure)) throw e;
			setError(e);
			setBusy(false);
		}
		void queries.invalidateQueries();
	};
	const other = roles.find((r) => r.id === instead)?.attributes.name;
	return (
		<FormDialog
			title={rich("common.delete", { name: <Typed>{name}</Typed> })}
			close={close}
			submit={() => void submit()}
			act={held > 0 && other ? t("organization.roleDelete.giveHeldMembership", { held, other }) : t("common.deleteIt")}
			danger
			not={not}
			busy={busy}
			error={error}
		>
			{!holders && <Ghosts rows={2} />}
			{holders && held === 0 && <p>{t("organization.roleDelete.nobodyWhomYouSeeHolds")}</p>}
			{holders && held > 0 && (
				<>
					<p>{t("organization.roleDelete.heldMembershipHas", { held, people: holders.people })}</p>
					<Choice
						label={t("organization.roleDelete.insteadTheyGet")}
						value={instead}
						onChange={setInstead}
						options={[
							{ value: "", label: t("common.chooseARole2") },
							...roles.filter((r) => r.id !== role.id).map((r) => ({ value: r.id, label: r.attributes.name ?? "" })),
						]}
					/>
				</>
			)}
		</FormDialog>
	);
}

/** Gives all who hold a role another one, as many at once as a request takes, and deletes it with the last of them. */
async function replaceAndDelete(role: string, instead: string) {
	for (;;) {
		const held: Answer<Membership[]> = await ask<Membership[]>(
			url("memberships", {
				"filter[roles]": role,
				"fields[memberships]": "roles",
				include: "roles",
				"fields[roles]": "key",
				"page[size]": most - 1,
			}),
			{ cursor: true },
		);
		const operations = held.data.map((m): Operation => {
			const has = m.relationships?.roles?.data;
			const ids = (Array.isArray(has) ? has : []).map((r) => r.id).filter((r) => r !== role && r !== instead);
			return {
				op: "update",
				ref: { type: "memberships", id: m.id, relationship: "roles" },
				data: [...ids, instead].map((id) => ({ type: "roles", id })),
			};
		});
		const last = !held.links?.next;
		if (last) operations.push({ op: "remove", ref: { type: "roles", id: role } });
		await operate(operations);
		if (last) return;
	}
}
