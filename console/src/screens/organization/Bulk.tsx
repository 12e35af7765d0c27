/* Several people at once: what is done, is done to all of them or to nobody, and each row that is at fault says why. */

import { all } from "../../words/count";
import { useState } from "react";
import { Failure } from "../../api/client";
import { queries } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Check } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { notify } from "../../parts/live";
import type { Selection } from "../../parts/selection";
import { Button, Ghosts, Typed } from "../../parts/small";
import { faultsOf, most, operate, type Operation } from "../operations";
import { useRoles } from "./Membership";
import type { Holder } from "./People";
import { rich, t } from "../../words/message";

type What = "give" | "take" | "end";

interface BarProps {
	chosen: Holder[];
	selection: Selection;
	id: string;
	place: string;
	not: string | false;
}

/** What can be done with the people who are selected; nothing while nobody is. */
export function SelectionBar({ chosen, selection, id, place, not }: BarProps) {
	const [over, setOver] = useState<What | null>(null);
	const here = chosen.filter((h) => h.membership);
	const many = not || (chosen.length > most && t("organization.bulk.atMostAtOnce", { most }));
	const nobody = many || (here.length === 0 && t("organization.bulk.whatTheyHoldIsGiven"));
	if (chosen.length === 0) return null;
	return (
		<div className="selection row wrap" role="group" aria-label={t("organization.bulk.thoseWhoAreSelected")}>
			<b role="status">{t("organization.bulk.countPerson", { count: chosen.length })}</b>
			<Button small icon="plus" not={many} onClick={() => setOver("give")}>
				{t("organization.bulk.giveRoles")}
			</Button>
			<Button small icon="close" not={nobody} onClick={() => setOver("take")}>
				{t("organization.bulk.takeRoles")}
			</Button>
			<Button small kind="danger" not={nobody} onClick={() => setOver("end")}>
				{t("organization.bulk.endTheMemberships")}
			</Button>
			<Button small kind="bare" end onClick={selection.clear}>
				{t("organization.bulk.selectNobody")}
			</Button>
			{over && (
				<BulkDialog
					what={over}
					people={over === "give" ? chosen : here}
					id={id}
					place={place}
					done={() => {
						setOver(null);
						selection.clear();
					}}
					close={() => setOver(null)}
				/>
			)}
		</div>
	);
}

interface DialogProps {
	what: What;
	people: Holder[];
	id: string;
	place: string;
	done: () => void;
	close: () => void;
}

const titles: Record<What, string> = {
	give: t("organization.bulk.giveRoles"),
	take: t("organization.bulk.takeRoles"),
	end: t("organization.bulk.endMemberships"),
};

function BulkDialog({ what, people, id, place, done, close }: DialogProps) {
	const roles = useRoles(id);
	const [chosen, setChosen] = useState<string[]>([]);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<Failure | null>(null);
	const operations = operationsFor(what, people, chosen, id);
	const faults = error ? faultsOf(error) : null;
	// What nobody of them holds here cannot be taken from them.
	const offered = what === "take" ? roles?.filter((r) => people.some((h) => holdsHere(h, r.id))) : roles;
	const not =
		what !== "end" && chosen.length === 0
			? t("common.chooseARole")
			: operations.length === 0 && t("organization.bulk.nothingWouldChange");
	const whom = t("organization.bulk.countPerson2", { count: what === "end" ? people.length : operations.length });
	const submit = async () => {
		if (not || busy) return;
		setBusy(true);
		setError(null);
		try {
			await operate(operations.map((o) => o.operation));
			done();
			notify(
				what === "end"
					? t("organization.bulk.areNoMembersOfAny", { whom, place })
					: t("organization.bulk.changedTheRolesOf", { whom }),
			);
		} catch (e) {
			if (!(e instanceof Failure)) throw e;
			setError(e);
			setBusy(false);
		}
		void queries.invalidateQueries();
	};
	const names = all(chosen.map((r) => roles?.find((role) => role.id === r)?.attributes.name ?? ""));
	return (
		<FormDialog
			title={titles[what]}
			intro={t("organization.bulk.toAllOfThemOr")}
			close={close}
			submit={() => void submit()}
			act={
				what === "end"
					? t("organization.bulk.end", { whom })
					: chosen.length === 0
						? titles[what]
						: t(what === "give" ? "organization.bulk.give" : "organization.bulk.take", { names, whom })
			}
			danger={what !== "give"}
			not={not}
			busy={busy}
		>
			{error && faults && faults.at.size === 0 && <Faults error={error} />}
			{faults && faults.at.size > 0 && (
				<p className="notice" data-is="bad" role="alert">
					<Icon name="alert" />
					<span>{t("organization.bulk.nothingWasChangedSizeRow", { size: faults.at.size })}</span>
				</p>
			)}
			{what === "end" ? (
				<p>{rich("organization.bulk.theyLoseWhatIsGiven", { place: <Typed>{place}</Typed> })}</p>
			) : !offered ? (
				<Ghosts />
			) : (
				<fieldset className="stack tight">
					<legend className="label">{t("common.roles")}</legend>
					{offered.map((r) => (
						<Check
							key={r.id}
							label={r.attributes.name}
							hint={r.attributes.description}
							checked={chosen.includes(r.id)}
							onChange={(on) => setChosen((now) => (on ? [...now, r.id] : now.filter((c) => c !== r.id)))}
						/>
					))}
				</fieldset>
			)}
			<ul className="chosen-people" aria-label={t("common.people")} tabIndex={0}>
				{people.map((h) => {
					const place = operations.findIndex((o) => o.holder === h);
					const wrong = place < 0 ? undefined : faults?.at.get(place);
					return (
						<li key={h.id}>
							<b>
								<Typed>{h.name}</Typed>
							</b>{" "}
							<span className="second quiet">
								<Typed>{h.email}</Typed>
							</span>
							{what !== "end" && chosen.length > 0 && place < 0 && (
								<span className="second quiet"> {t("organization.bulk.nothingChanges")}</span>
							)}
							{wrong && <p className="fault">{wrong}</p>}
						</li>
					);
				})}
			</ul>
		</FormDialog>
	);
}

function holdsHere(h: Holder, role: string): boolean {
	return h.roles.some((r) => r.here && r.role.id === role);
}

interface ForHolder {
	holder: Holder;
	operation: Operation;
}

/** Returns the operation for each of the people for whom there is something to do, in their order. */
function operationsFor(what: What, people: Holder[], roles: string[], organization: string): ForHolder[] {
	return people.flatMap((holder): ForHolder[] => {
		const m = holder.membership && { type: "memberships", id: holder.membership.id };
		if (what === "end") return m ? [{ holder, operation: { op: "remove", ref: m } }] : [];
		const touched = roles.filter((r) => holdsHere(holder, r) === (what === "take"));
		const data = touched.map((r) => ({ type: "roles", id: r }));
		if (touched.length === 0) return [];
		if (m) {
			const op = what === "give" ? "add" : "remove";
			return [{ holder, operation: { op, ref: { ...m, relationship: "roles" }, data } }];
		}
		// Who holds something from above alone becomes a member here.
		const membership = {
			type: "memberships",
			relationships: {
				user: { data: { type: "users", id: holder.id } },
				organization: { data: { type: "organizations", id: organization } },
				roles: { data },
			},
		};
		return [{ holder, operation: { op: "add", data: membership } }];
	});
}
