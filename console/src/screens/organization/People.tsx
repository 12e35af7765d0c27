/* Who may do something here: given here, or from above; and why. */

import { useMemo, useState } from "react";
import { Link } from "wouter";
import { url } from "../../api/client";
import { idOf, related, relatedMany } from "../../api/document";
import type { Membership, Role, RoleAttributes, UserAttributes } from "../../api/resources";
import { usePages, type RowSource } from "../../api/pages";
import { useKeys } from "../../frame/keys";
import { useCurl } from "../../frame/page";
import { Menu } from "../../parts/menu";
import { FirstPeople } from "./FirstPeople";
import { Refused } from "../../parts/failure";
import { Icon } from "../../parts/icons";
import { More } from "../../parts/more";
import { Rows, Table, whole } from "../../parts/rows";
import { Button, Empty, Face, Ghosts, Held, Typed } from "../../parts/small";
import { all as listed, digits } from "../../words/count";
import { short } from "../../words/time";
import { useQueryState } from "../query-state";
import { Export } from "../../parts/export";
import { useSelection, type Selection } from "../../parts/selection";
import { SelectionBar } from "./Bulk";
import { ChangeRoles, EndMembership } from "./Membership";
import { lastOwner, useGrants } from "./grants";
import type { TabProps } from "./Organization";
import { Why } from "./Why";
import { Segments } from "../../parts/choices";
import { rich, t } from "../../words/message";

export interface GivenRole {
	role: Role;
	here: boolean;
	organization: { id: string; name: string };
	membership: string;
}

/** Somebody with all that they hold here. */
export interface Holder {
	id: string;
	name: string;
	email: string;
	active: boolean;
	seen?: string | null;
	roles: GivenRole[];
	/** The membership here, if there is one. */
	membership?: Membership;
}

export default function People(props: TabProps) {
	const { id, answer, may } = props;
	const [from, setFrom] = useQueryState("from", "all");
	const [text, setText] = useQueryState("q");
	const [who, setWho] = useQueryState("why");
	const [over, setOver] = useState<{ what: "roles" | "end"; holder: Holder } | null>(null);
	const query = {
		include: "user,roles,organization",
		"fields[users]": "fullName,email,active,lastSeenAt",
		"fields[roles]": "name,key,rank,inheritable",
		"fields[organizations]": "name",
		"page[size]": 100,
	};
	const at = url("memberships", from === "here" ? { "filter[organizationId]": id, ...query } : { "filter[effectiveAt]": id, ...query });
	useCurl(at);
	const reading = { keep: true, keepAll: true };
	const everybody = usePages<Membership>(url("memberships", { "filter[effectiveAt]": id, ...query }), reading);
	const given = usePages<Membership>(from === "here" ? at : null, reading);
	const list = from === "here" ? given : everybody;
	const all = useMemo(() => gather(everybody.rows, everybody.included, id), [everybody.rows, everybody.included, id]);
	const here = useMemo(() => gather(given.rows, given.included, id), [given.rows, given.included, id]);
	const holders = from === "here" ? here : all;
	const shown = holders.filter((h) => (from !== "above" || fromAbove(h)) && matches(h, text));
	// Who has a role here and one from above is one person, so the parts may be more than all. Of what is not loaded memberships are known alone.
	const counted = everybody.isPending || everybody.isPlaceholderData || everybody.hasNextPage ? undefined : all;
	const numbers: Record<string, number | undefined> = {
		all: counted?.length,
		here: counted?.filter((h) => h.membership).length ?? answer.data.meta?.counts?.memberships,
		above: counted?.filter(fromAbove).length,
	};
	const picked = holders.find((h) => h.id === who);
	useKeys(picked ? [{ key: "Esc", label: t("organization.people.closeWhyTheyCan"), act: () => setWho("") }] : []);
	const selection = useSelection(shown.map((h) => h.id));
	const complete = from !== "here" && !list.hasNextPage; // otherwise another owner may be among those that are not loaded
	const last = (h: Holder) => complete && lastOwner(h, holders);
	return (
		<div className={picked ? "columns" : undefined}>
			<div className="stack gap4">
				<div className="row wrap">
					<Segments
						label={t("organization.people.whichPeople")}
						value={from}
						choose={setFrom}
						of={[
							[
								"all",
								<>
									{t("common.all")} <Count of={numbers.all} />
								</>,
							],
							[
								"here",
								<>
									<span className="held" data-from="here">
										{t("common.here")}
									</span>{" "}
									<Count of={numbers.here} />
								</>,
							],
							[
								"above",
								<>
									<span className="held" data-from="above">
										{t("organization.people.fromAbove")}
									</span>{" "}
									<Count of={numbers.above} />
								</>,
							],
						]}
					/>
					<label className="with-icon grow">
						<Icon name="search" />
						<span className="only-read">{t("common.findPeople")}</span>
						<input
							className="input"
							data-quiet=""
							type="search"
							placeholder={t("organization.people.nameEMailOrRole")}
							value={text}
							onChange={(e) => setText(e.target.value)}
						/>
					</label>
					<Export of={at} what="memberships" />
				</div>
				<SelectionBar
					chosen={shown.filter((h) => selection.has(h.id))}
					selection={selection}
					id={id}
					place={answer.data.attributes.name ?? ""}
					not={may("memberships:write") ? false : t("organization.people.itTakesMembershipsWriteHere")}
				/>
				{list.error && list.rows.length === 0 && <Refused error={list.error} again={() => void list.refetch()} />}
				{list.isPending && <Ghosts rows={6} />}
				{!list.isPending && !list.error && holders.length === 0 && (
					<Empty title={t("organization.people.nobodyIsHereYet")} action={<FirstPeople id={id} may={may} />}>
						{t("organization.people.peopleComeByAnInvitation")}
					</Empty>
				)}
				{holders.length > 0 && shown.length === 0 && (
					<div className="empty">
						<p>
							{from === "above"
								? text
									? list.hasNextPage
										? rich("organization.people.nobodyFromAboveMatchesAmong", { text: <Typed>{text}</Typed> })
										: rich("organization.people.nobodyFromAboveMatches", { text: <Typed>{text}</Typed> })
									: list.hasNextPage
										? t("organization.people.nobodyFromAboveMatchesAmong2")
										: t("organization.people.nobodyFromAboveMatches2")
								: text
									? list.hasNextPage
										? rich("organization.people.nobodyMatchesAmongThoseThat", { text: <Typed>{text}</Typed> })
										: rich("organization.people.nobodyMatches", { text: <Typed>{text}</Typed> })
									: list.hasNextPage
										? t("organization.people.nobodyMatchesAmongThoseThat2")
										: t("organization.people.nobodyMatches2")}
						</p>
						<div className="row wrap">
							{text && (
								<Button small onClick={() => setText("")}>
									{t("common.clearTheText")}
								</Button>
							)}
							{from !== "all" && (
								<Button small onClick={() => setFrom("all")}>
									{t("common.showAll")}
								</Button>
							)}
						</div>
					</div>
				)}
				{shown.length > 0 && (
					<PeopleTable
						list={whole(shown, (h) => h.id, { ...list, look: undefined })}
						id={id}
						may={may}
						picked={who}
						selection={selection}
						last={last}
						why={(h) => setWho(h.id === who ? "" : h.id)}
						change={(holder) => setOver({ what: "roles", holder })}
						end={(holder) => setOver({ what: "end", holder })}
					/>
				)}
				<More list={list} shown={shown.length} of={numbers[from]} what="list.people" loaded="list.loadedMemberships" />
			</div>
			{picked && (
				<Why
					holder={picked}
					id={id}
					name={answer.data.attributes.name ?? ""}
					organizations={props.organizations}
					close={() => setWho("")}
				/>
			)}
			{over?.what === "roles" && over.holder.membership && (
				<ChangeRoles
					holder={over.holder}
					membership={over.holder.membership}
					id={id}
					last={last(over.holder)}
					close={() => setOver(null)}
				/>
			)}
			{over?.what === "end" && over.holder.membership && (
				<EndMembership
					holder={over.holder}
					membership={over.holder.membership}
					place={answer.data.attributes.name ?? ""}
					close={() => setOver(null)}
				/>
			)}
		</div>
	);
}

function Count({ of }: { of: number | undefined }) {
	return of === undefined ? null : <span className="count">{digits(of)}</span>;
}

function fromAbove(h: Holder): boolean {
	return h.roles.some((r) => !r.here);
}

/** Returns who holds something at an organization, each person once, in the order in which they came. */
function gather(rows: Membership[], included: ReturnType<typeof usePages>["included"], here: string): Holder[] {
	const found = new Map<string, Holder>();
	const doc = { included };
	for (const m of rows) {
		const userId = idOf(m, "user") ?? m.id;
		const user = related<UserAttributes>(doc, m, "user")?.attributes;
		const organization = idOf(m, "organization") ?? "";
		const holder = found.get(userId) ?? {
			id: userId,
			name: user?.fullName ?? t("common.somebodyYouDoNotSee"),
			email: user?.email ?? "",
			active: user?.active !== false,
			roles: [],
			seen: user?.lastSeenAt,
		};
		const isHere = organization === here;
		const place = related<{ name?: string }>(doc, m, "organization")?.attributes.name ?? t("organization.people.anOrganizationAbove");
		for (const role of relatedMany<RoleAttributes>(doc, m, "roles")) {
			if (isHere || role.attributes.inheritable)
				holder.roles.push({ role, here: isHere, organization: { id: organization, name: place }, membership: m.id });
		}
		if (isHere) holder.membership = m;
		found.set(userId, holder);
	}
	return [...found.values()];
}

function matches(h: Holder, text: string): boolean {
	const wanted = text.trim().toLocaleLowerCase();
	if (!wanted) return true;
	return [h.name, h.email, ...h.roles.map((r) => r.role.attributes.name ?? "")].some((t) => t.toLocaleLowerCase().includes(wanted));
}

interface TableProps {
	list: RowSource<Holder>;
	id: string;
	may: (word: string) => boolean;
	picked: string;
	selection: Selection;
	last: (h: Holder) => string | false;
	why: (h: Holder) => void;
	change: (h: Holder) => void;
	end: (h: Holder) => void;
}

function PeopleTable({ list, id, may, picked, selection, last, why, change, end }: TableProps) {
	const grants = useGrants(id);
	const write = may("memberships:write") ? false : t("organization.people.itTakesMembershipsWriteHere");
	const seen = list.at(0)?.seen !== undefined;
	return (
		<Table list={list} folds="face">
			<thead>
				<tr>
					{!write && (
						<th scope="col" className="pick">
							<input
								type="checkbox"
								aria-label={t("organization.people.selectEverybodyWhoIsShown")}
								checked={selection.ids.length === list.length}
								onChange={(e) => selection.all(e.target.checked)}
							/>
						</th>
					)}
					<th scope="col">{t("common.person")}</th>
					<th scope="col">{t("common.roles")}</th>
					<th scope="col">{t("organization.people.givenAt")}</th>
					{seen && <th scope="col">{t("organization.people.lastSeen")}</th>}
					<th scope="col">
						<span className="only-read">{t("common.actions")}</span>
					</th>
				</tr>
			</thead>
			<Rows list={list}>
				{(h) => (
					<tr aria-selected={h.id === picked || selection.has(h.id) ? true : undefined}>
						{!write && (
							<td className="pick">
								<input
									type="checkbox"
									aria-label={t("organization.people.select", { name: h.name })}
									checked={selection.has(h.id)}
									onClick={(e) => selection.toggle(h.id, e.shiftKey)}
									onChange={() => undefined} // a click says whether it is a range
								/>
							</td>
						)}
						<td>
							<span className="row gap3">
								<Face name={h.name} />
								<span className="cut">
									<Link className="name" href={`/people/${h.id}`}>
										<Typed>{h.name}</Typed>
									</Link>
									{!h.active && <span className="tag beside">{t("organization.people.notActive")}</span>}
									<br />
									<span className="second quiet">
										<Typed>{h.email}</Typed>
									</span>
								</span>
							</span>
						</td>
						<td data-fold="under">
							<span className="row wrap">
								{h.roles.map((r) => (
									<Held key={r.membership + r.role.id} from={r.here ? "here" : "above"}>
										{r.role.attributes.name}
									</Held>
								))}
								{h.roles.length === 0 && (
									<span className="held" data-from="none">
										{t("common.nothing")}
									</span>
								)}
							</span>
						</td>
						<td className="second" data-fold="no">
							{places(h)}
						</td>
						{seen && (
							<td className="second nowrap" data-fold="no">
								{h.seen ? short(h.seen) : t("common.never")}
							</td>
						)}
						<td data-fold="end">
							<Menu
								label={t("organization.people.actionsFor", { name: h.name })}
								square
								kind="bare"
								entries={[
									{ label: t("common.whyCanThey"), icon: "role", act: () => why(h) },
									h.membership
										? {
												label: t("common.changeRoles"),
												icon: "edit",
												not: write || grants.change(h),
												act: () => change(h),
											}
										: {
												label: t("organization.people.changeRolesAt", {
													name: h.roles[0]?.organization.name ?? t("organization.people.theirPlace"),
												}),
												icon: "out",
												to: `/organizations/${h.roles[0]?.organization.id}/people`,
											},
									{
										label: t("common.endTheMembership"),
										icon: "close",
										not:
											(h.membership ? false : t("organization.people.itIsGivenAbove")) ||
											write ||
											grants.change(h) ||
											last(h),
										act: () => end(h),
									},
								]}
							>
								<Icon name="more" />
							</Menu>
						</td>
					</tr>
				)}
			</Rows>
		</Table>
	);
}

function places(h: Holder): React.ReactNode {
	const above = [...new Map(h.roles.filter((r) => !r.here).map((r) => [r.organization.id, r.organization.name])).values()];
	const here = h.membership !== undefined;
	if (!above.length) return here ? t("organization.people.here") : "";
	return here ? t("organization.people.hereAnd", { list: listed(above) }) : listed(above);
}
