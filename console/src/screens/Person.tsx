/* Somebody: who they are, where they are a member, and what they did. */

import { Link } from "wouter";
import { url } from "../api/client";
import { relatedMany, related } from "../api/document";
import type { Membership, OrganizationAttributes, RecordedEvent, RoleAttributes, User } from "../api/resources";
import { usePages } from "../api/pages";
import { useRead } from "../api/query";
import { copyCurl, usePage } from "../frame/page";
import { Menu } from "../parts/menu";
import { lost, Refused } from "../parts/failure";
import { Icon, Kind } from "../parts/icons";
import { Rows, Table, whole } from "../parts/rows";
import { Copy, Face, Ghosts, Held, Section, State, Typed } from "../parts/small";
import { Listing } from "../parts/listing";
import { digits, shortId } from "../words/count";
import { date } from "../words/time";
import type { ScreenProps } from "../Console";
import { UnlessWithheld } from "./withheld";
import { EventList } from "./events/EventList";
import { t } from "../words/message";

export default function Person({ params }: ScreenProps) {
	const id = params.id ?? "";
	const request = url(`users/${id}`);
	const read = useRead<User>(request);
	const name = read.data?.data.attributes.fullName || read.data?.data.attributes.email || "";
	usePage({ title: name || t("common.person"), crumbs: [{ name: t("common.people"), to: "/people" }, { name }], request });
	if (lost(read))
		return (
			<div className="page">
				<Refused error={read.error} again={() => void read.refetch()} />
			</div>
		);
	if (!read.data)
		return (
			<div className="page">
				<Ghosts />
			</div>
		);
	const a = read.data.data.attributes;
	return (
		<div className="page stack">
			<div className="row wrap orgtitle">
				<Face name={name} />
				<div className="cut orgname">
					<div className="row wrap">
						<h1>
							<Typed>{name}</Typed>
						</h1>
						{a.active === false ? <State is="off">{t("common.notActive")}</State> : <State is="ok">{t("common.active")}</State>}
					</div>
					<p className="second">
						{a.email ? <Copy text={a.email} what={t("screens.person.eMail")} /> : t("screens.person.noEMail")}
					</p>
				</div>
				<span className="end">
					<Menu
						label={t("common.moreActions")}
						square
						entries={[
							{ label: t("screens.person.whatTheyDid"), icon: "clock", to: `/events?filter[actorId]=${id}` },
							{ label: t("screens.person.whatWasDoneToThem"), icon: "clock", to: `/events?filter[subjectId]=${id}` },
							{ label: t("common.copyTheRequestAsCurl"), icon: "copy", key: "C", act: () => void copyCurl(request) },
						]}
					>
						<Icon name="more" />
					</Menu>
				</span>
			</div>
			<div className="columns">
				<div className="stack">
					<Memberships id={id} />
					<Deeds id={id} />
				</div>
				<Section id="facts" title={t("common.facts")}>
					<dl className="facts">
						<dt>{t("common.id")}</dt>
						<dd>
							<Copy text={id} what={t("common.id2")} shown={shortId(id)} />
						</dd>
						<dt>{t("common.eMail")}</dt>
						<dd>
							{a.emailVerifiedAt
								? t("screens.person.verified", { when: date(a.emailVerifiedAt) })
								: t("screens.person.notVerified")}
						</dd>
						<dt>{t("common.phone")}</dt>
						<dd>{a.phone ? <Typed>{a.phone}</Typed> : <span className="quiet">{t("common.none")}</span>}</dd>
						<dt>{t("common.timeZone")}</dt>
						<dd>{a.timeZone ?? <span className="quiet">{t("common.none")}</span>}</dd>
						<dt>{t("common.language")}</dt>
						<dd>{a.locale ?? <span className="quiet">{t("common.none")}</span>}</dd>
						<dt>{t("screens.person.externalId")}</dt>
						<dd className="break">
							{a.externalId ? <Typed>{a.externalId}</Typed> : <span className="quiet">{t("common.none")}</span>}
						</dd>
						<dt>{t("common.since")}</dt>
						<dd>{date(a.createdAt)}</dd>
					</dl>
				</Section>
			</div>
		</div>
	);
}

function Memberships({ id }: { id: string }) {
	const list = usePages<Membership>(
		url("memberships", {
			"filter[userId]": id,
			include: "organization,roles",
			"fields[organizations]": "name,kind,active",
			"fields[roles]": "name,inheritable",
			"page[size]": 100,
		}),
	);
	const doc = { included: list.included };
	return (
		<Section id="memberships" title={t("screens.person.memberships")} count={list.total !== undefined ? digits(list.total) : undefined}>
			<Listing
				list={list}
				ghosts={3}
				what="list.memberships"
				empty={<p className="second">{t("screens.person.inNoOrganizationThatYou")}</p>}
			>
				<Table list={list} folds="kind">
					<thead>
						<tr>
							<th scope="col">{t("common.organization")}</th>
							<th scope="col">{t("common.roles")}</th>
							<th scope="col">{t("common.since")}</th>
						</tr>
					</thead>
					<Rows list={list}>
						{(m) => {
							const o = related<OrganizationAttributes>(doc, m, "organization");
							return (
								<tr>
									<td>
										<span className="row">
											<Kind kind={o?.attributes.kind} />
											{o ? (
												<Link className="name" href={`/organizations/${o.id}/people`}>
													<Typed>{o.attributes.name}</Typed>
												</Link>
											) : (
												<span className="quiet">{t("screens.person.oneThatYouDoNot")}</span>
											)}
										</span>
									</td>
									<td data-fold="under">
										<span className="row wrap">
											{relatedMany<RoleAttributes>(doc, m, "roles").map((r) => (
												<span key={r.id} className="row">
													<Held from="here">{r.attributes.name}</Held>
													{r.attributes.inheritable && (
														<span className="second quiet">{t("screens.person.andBelow")}</span>
													)}
												</span>
											))}
										</span>
									</td>
									<td className="second nowrap" data-fold="end">
										{date(m.attributes.createdAt)}
									</td>
								</tr>
							);
						}}
					</Rows>
				</Table>
			</Listing>
		</Section>
	);
}

function Deeds({ id }: { id: string }) {
	const { data, error, refetch } = useRead<RecordedEvent[]>(
		url("events", { "filter[actorId]": id, sort: "-occurredAt", include: "organization", "page[size]": 10 }),
	);
	if (error && !data) return <Refused error={error} again={() => void refetch()} />;
	if (!data) return <Ghosts rows={3} />;
	return (
		<Section
			id="deeds"
			title={t("screens.person.whatTheyDid")}
			more={
				<Link className="end second" href={`/events?filter[actorId]=${id}`}>
					{t("common.all")}
				</Link>
			}
		>
			{data.data.length === 0 && (
				<UnlessWithheld word="events:read" what={t("common.events2")}>
					<p className="second">{t("screens.person.nothingThatYouMaySee")}</p>
				</UnlessWithheld>
			)}
			<EventList list={whole(data.data, (e) => e.id)} included={data.included ?? []} />
		</Section>
	);
}
