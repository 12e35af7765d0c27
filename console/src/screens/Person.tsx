/* Somebody: who they are, where they are a member, and what they did. */

import { Link } from "wouter";
import { url } from "../api/client";
import { relatedMany, related } from "../api/document";
import type { Membership, OrganizationAttributes, RecordedEvent, RoleAttributes, User } from "../api/resources";
import { usePages } from "../api/pages";
import { useRead } from "../api/query";
import { copyCurl, usePage } from "../frame/page";
import { Menu } from "../parts/menu";
import { Refused } from "../parts/failure";
import { Icon, Kind } from "../parts/icons";
import { Rows, Table, whole } from "../parts/rows";
import { Copy, Face, Ghosts, Held, Section, State, Typed } from "../parts/small";
import { Listing } from "../parts/listing";
import { digits, shortId } from "../words/count";
import { date } from "../words/time";
import type { ScreenProps } from "../Console";
import { UnlessWithheld } from "./withheld";
import { EventList } from "./events/EventList";

export default function Person({ params }: ScreenProps) {
	const id = params.id ?? "";
	const request = url(`users/${id}`);
	const read = useRead<User>(request);
	const name = read.data?.data.attributes.fullName || read.data?.data.attributes.email || "";
	usePage({ title: name || "Person", crumbs: [{ name: "People", to: "/people" }, { name }], request });
	if (read.error && !read.data)
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
						{a.active === false ? <State is="off">Not active</State> : <State is="ok">Active</State>}
					</div>
					<p className="second">{a.email ? <Copy text={a.email} what="e-mail" /> : "no e-mail"}</p>
				</div>
				<span className="end">
					<Menu
						label="More actions"
						square
						entries={[
							{ label: "What they did", icon: "clock", to: `/events?filter[actorId]=${id}` },
							{ label: "What was done to them", icon: "clock", to: `/events?filter[subjectId]=${id}` },
							{ label: "Copy the request as curl", icon: "copy", key: "C", act: () => void copyCurl(request) },
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
				<Section id="facts" title="Facts">
					<dl className="facts">
						<dt>Id</dt>
						<dd>
							<Copy text={id} what="id" shown={shortId(id)} />
						</dd>
						<dt>E-mail</dt>
						<dd>{a.emailVerifiedAt ? `verified ${date(a.emailVerifiedAt)}` : "not verified"}</dd>
						<dt>Phone</dt>
						<dd>{a.phone ? <Typed>{a.phone}</Typed> : <span className="quiet">none</span>}</dd>
						<dt>Time zone</dt>
						<dd>{a.timeZone ?? <span className="quiet">none</span>}</dd>
						<dt>Language</dt>
						<dd>{a.locale ?? <span className="quiet">none</span>}</dd>
						<dt>External id</dt>
						<dd className="break">{a.externalId ? <Typed>{a.externalId}</Typed> : <span className="quiet">none</span>}</dd>
						<dt>Since</dt>
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
		<Section id="memberships" title="Memberships" count={list.total !== undefined ? digits(list.total) : undefined}>
			<Listing list={list} ghosts={3} what="list.memberships" empty={<p className="second">In no organization that you see.</p>}>
				<Table list={list} folds="kind">
					<thead>
						<tr>
							<th scope="col">Organization</th>
							<th scope="col">Roles</th>
							<th scope="col">Since</th>
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
												<span className="quiet">one that you do not see</span>
											)}
										</span>
									</td>
									<td data-fold="under">
										<span className="row wrap">
											{relatedMany<RoleAttributes>(doc, m, "roles").map((r) => (
												<span key={r.id} className="row">
													<Held from="here">{r.attributes.name}</Held>
													{r.attributes.inheritable && <span className="second quiet">and below</span>}
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
			title="What they did"
			more={
				<Link className="end second" href={`/events?filter[actorId]=${id}`}>
					All
				</Link>
			}
		>
			{data.data.length === 0 && (
				<UnlessWithheld word="events:read" what="events">
					<p className="second">Nothing that you may see.</p>
				</UnlessWithheld>
			)}
			<EventList list={whole(data.data, (e) => e.id)} included={data.included ?? []} />
		</Section>
	);
}
