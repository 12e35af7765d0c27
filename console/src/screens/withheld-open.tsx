/* In place of what one may not see: what it takes, and who can give it. An empty list would say that there is nothing. */

import { Link } from "wouter";
import { url } from "../api/client";
import { idOf, related, relatedMany } from "../api/document";
import { holds, useMay, useMe, useOwnPlaces } from "../api/me";
import type { Membership, RoleAttributes, UserAttributes } from "../api/resources";
import { useRead } from "../api/query";
import { Face, Ghosts, Typed } from "../parts/small";
import { rich, t } from "../words/message";

export interface WithheldProps {
	/** What it takes. */
	word: string;
	/** What is not shown: "the keys". */
	what: string;
	/** Where; without it, anywhere. */
	at?: { id: string; name: string };
}

/** Says that something is not shown, what it takes, and who can give that, as far as the reader sees them. */
export default function Withheld({ word, what, at }: WithheldProps) {
	const me = useMe().data?.data;
	return (
		<div className="empty withheld">
			<h2>{at ? t("screens.withheld.youMayNotSeeHere", { what }) : t("screens.withheld.youMayNotSee", { what })}</h2>
			<p className="second">
				{at
					? rich("screens.withheld.itTakesAtOrAbove", { word: <b className="mono">{word}</b>, name: <Typed>{at.name}</Typed> })
					: rich("screens.withheld.itTakesInSomeOrganization", { word: <b className="mono">{word}</b> })}
			</p>
			{me && me.type !== "users" ? (
				<p className="second">{t("screens.withheld.thisKeyHasNotThat")}</p>
			) : at ? (
				<Givers word={word} at={at} />
			) : (
				<Places />
			)}
		</div>
	);
}

/** Who can give a word at an organization: who holds it there and may change memberships. */
function Givers({ word, at }: { word: string; at: { id: string; name: string } }) {
	const may = useMay(at.id);
	const sees = may("memberships:read") && may("users:read");
	const { data } = useRead<Membership[]>(
		sees
			? url("memberships", {
					"filter[effectiveAt]": at.id,
					include: "user,roles",
					"fields[users]": "fullName,email",
					"fields[roles]": "name,rank,permissions,inheritable",
					"fields[memberships]": "user,roles,organization",
					"page[size]": 100,
				})
			: null,
		{ every: false },
	);
	if (!may.known || (sees && !data)) return <Ghosts rows={2} />;
	const givers = new Map<string, { name: string; email: string; role: string; rank: number }>();
	for (const m of data?.data ?? []) {
		const here = idOf(m, "organization") === at.id;
		const user = related<UserAttributes>(data, m, "user");
		for (const role of relatedMany<RoleAttributes>(data, m, "roles")) {
			const held = role.attributes.permissions ?? [];
			if (!user || !(here || role.attributes.inheritable) || !holds(held, word) || !holds(held, "memberships:write")) continue;
			const rank = role.attributes.rank ?? 0;
			if ((givers.get(user.id)?.rank ?? -1) < rank)
				givers.set(user.id, {
					name: user.attributes.fullName ?? "",
					email: user.attributes.email ?? "",
					role: role.attributes.name ?? "",
					rank,
				});
		}
	}
	const found = [...givers].sort(([, a], [, b]) => a.rank - b.rank); // who is nearest to the reader is asked first
	if (found.length === 0) {
		return <p className="second">{rich("screens.withheld.whoeverManagesCanGiveIt", { name: <Typed>{at.name}</Typed> })}</p>;
	}
	return (
		<>
			<p className="second">{found.length === 1 ? t("screens.withheld.whoCanGiveItTo") : t("screens.withheld.anyOfTheseCanGive")}</p>
			<ul className="givers">
				{found.slice(0, 4).map(([id, g]) => (
					<li key={id} className="row">
						<Face name={g.name} small />
						<Link className="nowrap" href={`/people/${id}`}>
							<Typed>{g.name}</Typed>
						</Link>
						<span className="second quiet cut">
							<Typed>{g.email}</Typed>
						</span>
						<span className="end nowrap">{g.role}</span>
					</li>
				))}
			</ul>
			{found.length > 4 && (
				<p className="second">
					<Link href={`/organizations/${at.id}/people`}>{t("screens.withheld.andCountOther", { count: found.length - 4 })}</Link>
				</p>
			)}
		</>
	);
}

/** Where the reader is a member: it is there that one asks. */
function Places() {
	const places = useOwnPlaces(useMe().data?.data);
	if (!places) return <Ghosts rows={1} />;
	if (places.length === 0) return <p className="second">{t("screens.withheld.youAreInNoOrganization")}</p>;
	return (
		<p className="second">
			{rich("screens.withheld.whoeverManagesAnOrganizationOf", {
				places: (
					<>
						{" "}
						{places.slice(0, 5).map((p, i) => (
							<span key={p.id}>
								{i > 0 && ", "}
								<Link href={`/organizations/${p.id}/people`}>
									{rich("screens.withheld.peopleOf", { name: <Typed>{p.name}</Typed> })}
								</Link>
							</span>
						))}
					</>
				),
			})}
		</p>
	);
}
