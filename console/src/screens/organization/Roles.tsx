/* The roles that can be given here, and what each permits. */

import "../../styles/reading.css";
import { Suspense, useState } from "react";
import { Link } from "wouter";
import { url } from "../../api/client";
import type { Role } from "../../api/resources";
import { idOf } from "../../api/document";
import { useRead } from "../../api/query";
import { useCurl } from "../../frame/page";
import { later } from "../../parts/later";
import { Refused } from "../../parts/failure";
import { Icon } from "../../parts/icons";
import { Button, Ghosts, Held, Section, Typed } from "../../parts/small";
import { MatrixHead, verbs } from "../permission-matrix";
import { others, subjects } from "../permissions";
import { useQueryState } from "../query-state";
import { holds } from "../../api/me";
import { useGrants } from "./grants";
import type { TabProps } from "./Organization";
import { holderOf, useHolders } from "./role-holders";
import { visible } from "../../words/count";
import { rich, t } from "../../words/message";

const RoleForm = later(() => import("./RoleForm"));
const DeleteRole = later(() => import("./RoleDelete"));

export default function Roles({ id, may }: TabProps) {
	const [over, setOver] = useState<"new" | "change" | "delete" | null>(null);
	const close = () => setOver(null);
	const request = url("roles", { "filter[usableAt]": id, withCounts: "memberships", "page[size]": 100 });
	useCurl(request);
	const { data, error, refetch } = useRead<Role[]>(request);
	const [chosen, choose] = useQueryState("role");
	const [against, setAgainst] = useQueryState("against");
	const grants = useGrants(id);
	if (error && !data) return <Refused error={error} again={() => void refetch()} />;
	if (!data) return <Ghosts />;
	const roles = data.data.toSorted((a, b) => (b.attributes.rank ?? 0) - (a.attributes.rank ?? 0));
	const role = roles.find((r) => r.id === chosen) ?? roles[0];
	const other = roles.find((r) => r.id === against);
	const write = may("roles:write") ? false : t("organization.roles.itTakesRolesWriteHere");
	const place = role && idOf(role, "organization");
	const not = role?.attributes.builtIn
		? t("organization.roles.itIsBuiltInEvery")
		: write || (place !== id ? t("organization.roles.itWasMadeAboveChange") : role !== undefined && grants.give(role));
	return (
		<div className="twocol">
			<div className="stack gap3">
				<div className="row">
					<Button icon="plus" not={write} onClick={() => setOver("new")}>
						{t("common.newRole")}
					</Button>
				</div>
				<ul className="rolelist" aria-label={t("common.roles")}>
					{roles.map((r) => (
						<li key={r.id}>
							<button
								className="list-row"
								type="button"
								aria-current={r === role ? "true" : undefined}
								onClick={() => choose(r.id)}
							>
								<span className="cut">
									<Typed>{r.attributes.name}</Typed>
								</span>
								<span className="second quiet">
									{r.meta?.counts?.memberships !== undefined &&
										t("organization.roles.heldMembershipsTime", { memberships: r.meta.counts.memberships })}
								</span>
								<span className="second cut">
									<Held from={r.attributes.builtIn ? "none" : idOf(r, "organization") === id ? "here" : "above"}>
										{r.attributes.builtIn
											? t("organization.roles.builtIn")
											: idOf(r, "organization") === id
												? t("organization.roles.madeHere")
												: t("organization.roles.madeAbove")}
									</Held>
								</span>
								<span className="second quiet">{t("organization.roles.rank", { rank: r.attributes.rank })}</span>
							</button>
						</li>
					))}
				</ul>
			</div>
			{role && (
				<section className="stack gap4" aria-labelledby="role">
					<div>
						<div className="row wrap">
							<h2 id="role" className="break">
								<Typed>{role.attributes.name}</Typed>
							</h2>
							<span className="row end">
								<Button small icon="edit" not={not} onClick={() => setOver("change")}>
									{t("common.change")}
								</Button>
								<Button small kind="danger" not={not} onClick={() => setOver("delete")}>
									{t("organization.roles.delete")}
								</Button>
							</span>
						</div>
						{place && place !== id && (
							<p className="second">
								<Link href={`/organizations/${place}/roles?role=${role.id}`}>{t("organization.roles.goToWhereItWas")}</Link>
							</p>
						)}
						<p className="second">
							<span className="mono">{role.attributes.key}</span> ·{" "}
							{role.attributes.inheritable
								? t("organization.roles.countsHereAndInEverything")
								: t("organization.roles.countsOnlyWhereItIs")}
						</p>
						<p className="second quiet">{role.attributes.description || t("organization.roles.noDescription")}</p>
					</div>
					<label className="row second">
						{t("common.compareWith")}
						<select className="input chip-select" value={against} onChange={(e) => setAgainst(e.target.value)}>
							<option value="">{t("organization.roles.noOtherRole")}</option>
							{roles
								.filter((r) => r !== role)
								.map((r) => (
									<option key={r.id} value={r.id}>
										{visible(r.attributes.name ?? "")}
									</option>
								))}
						</select>
					</label>
					<Matrix role={role} other={other} />
					{may("memberships:read") && <HeldBy role={role.id} />}
				</section>
			)}
			<Suspense fallback={null}>
				{over === "new" && <RoleForm organization={id} roles={roles} may={may} saved={(r) => choose(r.id)} close={close} />}
				{over === "change" && role && (
					<RoleForm organization={id} role={role} roles={roles} may={may} saved={(r) => choose(r.id)} close={close} />
				)}
				{over === "delete" && role && <DeleteRole role={role} roles={roles} deleted={() => choose("")} close={close} />}
			</Suspense>
		</div>
	);
}

const shownHolders = 12;

/** Who holds a role, wherever it was given to them. */
function HeldBy({ role }: { role: string }) {
	const holders = useHolders(role);
	const [whole, setWhole] = useState(false);
	if (!holders) return null;
	const { memberships, included, total } = holders;
	return (
		<Section id="held-by" title={t("organization.roles.heldBy")} count={total || undefined}>
			{total === 0 && <p className="second quiet">{t("organization.roles.nobodyWhomYouSee")}</p>}
			<ul className="holders">
				{memberships.slice(0, whole ? undefined : shownHolders).map((m) => {
					const h = holderOf(m, included);
					return (
						<li key={m.id}>
							{h.user ? (
								<Link href={`/people/${h.user}`}>
									<Typed>{h.name}</Typed>
								</Link>
							) : (
								h.name
							)}{" "}
							<span className="second quiet">{rich("organization.roles.at", { place: <Typed>{h.place}</Typed> })}</span>
						</li>
					);
				})}
			</ul>
			{memberships.length > shownHolders && !whole && (
				<Button small onClick={() => setWhole(true)}>
					{memberships.length === total ? t("common.showAll") : t("organization.roles.showMore")}
				</Button>
			)}
		</Section>
	);
}

function Matrix({ role, other }: { role: Role; other?: Role }) {
	const mine = role.attributes.permissions ?? [];
	const theirs = other?.attributes.permissions ?? [];
	const own = others(mine).filter((w) => w !== "*");
	return (
		<>
			<table className="table matrix">
				<MatrixHead />
				<tbody>
					{subjects.map((s) => (
						<tr key={s.type}>
							<th scope="row">{s.type}</th>
							{verbs.map((v) => {
								if (!s.verbs.includes(v))
									return (
										<td key={v} className="faded">
											<span className="only-read">{t("organization.roles.cannotBeHeld")}</span>
										</td>
									);
								const has = holds(mine, `${s.type}:${v}`);
								const had = other ? holds(theirs, `${s.type}:${v}`) : has;
								return (
									<td key={v}>
										{has ? (
											<span className="yes">
												<Icon name="check" />
												<span className="only-read">{t("common.yes")}</span>
											</span>
										) : (
											<span className="faded">
												–<span className="only-read"> {t("common.no")}</span>
											</span>
										)}
										{other && has !== had && (
											<span className="tag" data-is={has ? "ok" : "bad"}>
												{has ? t("organization.roles.onlyHere") : t("organization.roles.onlyThere")}
											</span>
										)}
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
			<div className="row wrap">
				<span className="second">{t("organization.roles.otherWords")}</span>
				{own.length === 0 && (
					<span className="second quiet">
						{mine.includes("*") ? t("organization.roles.everyWordWhateverAnApplication") : t("common.none")}
					</span>
				)}
				{own.map((w) => (
					<span key={w} className="tag mono">
						{w}
					</span>
				))}
			</div>
		</>
	);
}
