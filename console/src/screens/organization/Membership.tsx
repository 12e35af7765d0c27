/* Changing what somebody holds here, and ending it. */

import { useState } from "react";
import { url } from "../../api/client";
import { relatedMany } from "../../api/document";
import type { Membership, Role, RoleAttributes } from "../../api/resources";
import { useRead, useSend, type Sending } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Check } from "../../parts/field";
import { notify } from "../../parts/live";
import { Ghosts, Typed } from "../../parts/small";
import { all } from "../../words/count";
import type { Operation } from "../operations";
import { useGrants } from "./grants";
import type { Holder } from "./People";
import { rich, t } from "../../words/message";

interface MembershipProps {
	holder: Holder;
	membership: Membership;
	close: () => void;
}

/** Reads the roles that can be given at an organization, the highest first; for null, those that can be given everywhere. */
export function useRoles(id: string | null) {
	const { data } = useRead<Role[]>(
		url("roles", {
			...(id === null ? { "filter[builtIn]": true } : { "filter[usableAt]": id }),
			"fields[roles]": "name,key,description,rank,builtIn,inheritable,permissions",
			"page[size]": 100,
		}),
	);
	return data?.data.toSorted((a, b) => (b.attributes.rank ?? 0) - (a.attributes.rank ?? 0));
}

/** Gives roles and takes others: no more than that, so that what somebody else has given or taken meanwhile stays as they left it. */
function giving(membership: string, given: string[], taken: string[]): Sending {
	const ref = { type: "memberships", id: membership, relationship: "roles" };
	const some = (op: Operation["op"], ids: string[]) => (ids.length ? [{ op, ref, data: ids.map((id) => ({ type: "roles", id })) }] : []);
	const operations: Operation[] = [...some("add", given), ...some("remove", taken)];
	return { to: url("operations"), method: "POST", atomic: true, body: { "atomic:operations": operations } };
}

/** last says why the role of an owner stays, if it does. */
export function ChangeRoles({ holder, membership, id, last, close }: MembershipProps & { id: string; last: string | false }) {
	const roles = useRoles(id);
	const grants = useGrants(id);
	const before = relatedIds(membership);
	const [chosen, setChosen] = useState(before);
	const added = chosen.filter((r) => !before.includes(r));
	const removed = before.filter((r) => !chosen.includes(r));
	const back = useSend();
	const send = useSend(() => {
		close();
		notify(t("organization.membership.changedTheRolesOf", { name: holder.name }), () =>
			back.mutate(giving(membership.id, removed, added)),
		);
	});
	const names = (ids: string[]) => all(ids.map((r) => roles?.find((role) => role.id === r)?.attributes.name ?? ""));
	const given = names(added);
	const taken = names(removed);
	const what =
		given && taken
			? t("organization.membership.giveAndTake", { given, taken })
			: given
				? t("organization.membership.give", { given })
				: taken && t("organization.membership.take", { taken });
	return (
		<FormDialog
			title={t("common.changeRoles")}
			intro={rich("organization.membership.ofWhatIsGivenHere", { name: <Typed>{holder.name}</Typed> })}
			close={close}
			submit={() => send.mutate(giving(membership.id, added, removed))}
			act={what || t("common.change")}
			not={chosen.length === 0 ? t("organization.membership.aMembershipHasARole") : !what && t("common.nothingIsChangedYet")}
			busy={send.isPending}
			error={send.error}
		>
			{!roles ? (
				<Ghosts rows={5} />
			) : (
				roles.map((r) => (
					<Check
						key={r.id}
						label={r.attributes.name}
						hint={r.attributes.description}
						checked={chosen.includes(r.id)}
						not={before.includes(r.id) ? r.attributes.key === "owner" && last : grants.give(r)}
						onChange={(on) => setChosen((now) => (on ? [...now, r.id] : now.filter((c) => c !== r.id)))}
					/>
				))
			)}
		</FormDialog>
	);
}

function relatedIds(m: Membership): string[] {
	const data = m.relationships?.roles?.data;
	return Array.isArray(data) ? data.map((d) => d.id) : relatedMany<RoleAttributes>(undefined, m, "roles").map((r) => r.id);
}

export function EndMembership({ holder, membership, place, close }: MembershipProps & { place: string }) {
	const send = useSend(() => {
		close();
		notify(t("organization.membership.isNoMemberOfAny", { name: holder.name, place }));
	});
	const stays = holder.roles.filter((r) => !r.here).length;
	return (
		<FormDialog
			title={t("common.endTheMembership")}
			close={close}
			act={t("common.endIt")}
			submit={() => send.mutate({ to: url(`memberships/${membership.id}`), method: "DELETE" })}
			danger
			busy={send.isPending}
			error={send.error}
		>
			<p>
				{rich("organization.membership.losesWhatIsGivenAt", {
					name: (
						<b>
							<Typed>{holder.name}</Typed>
						</b>
					),
					place: (
						<b>
							<Typed>{place}</Typed>
						</b>
					),
					stays,
				})}
			</p>
		</FormDialog>
	);
}
