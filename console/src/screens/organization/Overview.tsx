/* What one should know of an organization: what needs somebody, what is below, what changed, who runs it, and its facts. */

import { Link } from "wouter";
import { url } from "../../api/client";
import { related, relatedMany, totalOf, type Answer, type Resource } from "../../api/document";
import type { ApiKey, Invitation, Membership, Organization, RecordedEvent, Role, User, Webhook } from "../../api/resources";
import { useRead } from "../../api/query";
import { Does } from "../../frame/does";
import { Refused } from "../../parts/failure";
import { Icon } from "../../parts/icons";
import { Copy, Face, Ghosts, Held, Outside, Section, State, TextLink, Typed, type StateName } from "../../parts/small";
import { all, digits, shortId } from "../../words/count";
import { ago, date, short } from "../../words/time";
import { endpointName, hostOf } from "../../words/host";
import { useNames } from "../events/names";
import { Sentence, actorName } from "../events/Sentence";
import type { TabProps } from "./Organization";
import { rich, t } from "../../words/message";
import { Members, OrganizationName } from "../../parts/organization-name";

export default function Overview(props: TabProps) {
	return (
		<div className="columns">
			<div className="stack">
				<NeedsYou {...props} />
				<Below {...props} />
				{props.may("events:read") ? <Recent {...props} /> : <Quiet {...props} />}
			</div>
			<div className="stack">
				{props.may("memberships:read") && <WhoRunsIt {...props} />}
				<Facts {...props} />
			</div>
		</div>
	);
}

/** Says why there is nothing to see for who may see neither changes nor anything below. */
function Quiet({ answer }: TabProps) {
	if (answer.data.meta?.counts?.children) return null;
	return (
		<Section id="recent" title={t("organization.overview.recentChanges")}>
			<p className="second">{t("organization.overview.whatChangedTakesEventsRead")}</p>
		</Section>
	);
}

interface Todo {
	id: string;
	is: StateName;
	word: string;
	what: React.ReactNode;
	why: React.ReactNode;
	to: string;
	act: string;
}

const fortnight = 14 * 86_400_000;

function NeedsYou({ id, may }: TabProps) {
	const hour = 3_600_000; // in steps, so that it is the same request for a while
	const now = new Date(Math.floor(Date.now() / hour) * hour).toISOString();
	const soon = new Date(Math.ceil((Date.now() + fortnight) / hour) * hour).toISOString();
	const webhooks = useRead<Webhook[]>(
		may("webhooks:read") ? url("webhooks", { "filter[organizationId]": id, "filter[health]": "failing", "page[size]": 5 }) : null,
	);
	const keys = useRead<ApiKey[]>(
		may("apiKeys:read")
			? url("apiKeys", {
					"filter[organizationId]": id,
					"filter[expiresAt][gt]": now,
					"filter[expiresAt][lt]": soon,
					"page[size]": 5,
				})
			: null,
	);
	const invitations = useRead<Invitation[]>(
		may("invitations:read")
			? url("invitations", { "filter[organizationId]": id, "filter[state]": "pending", include: "roles,invitedBy", "page[size]": 5 })
			: null,
	);
	const todos: Todo[] = [
		...(webhooks.data?.data ?? []).map((w) => failing(id, w)),
		...(keys.data?.data ?? []).filter((k) => new Date(k.attributes.expiresAt ?? 0) > new Date()).map((k) => ending(id, k)),
		...(invitations.data?.data ?? []).map((i) => {
			const by = related<{ fullName?: string }>(invitations.data, i, "invitedBy")?.attributes.fullName;
			const roles = all(relatedMany<{ name?: string }>(invitations.data, i, "roles").map((r) => r.attributes.name ?? ""));
			return {
				id: i.id,
				is: "off" as const,
				word: t("organization.overview.open"),
				to: `/organizations/${id}/invitations`,
				act: t("common.look"),
				what: rich("organization.overview.hasNotAnswered", { email: <b className="break">{i.attributes.email}</b> }),
				why: (
					<>
						{by
							? t("organization.overview.invitedAsByEnds", { roles, by, when: ago(i.attributes.expiresAt) })
							: t("organization.overview.invitedAsEnds", { roles, when: ago(i.attributes.expiresAt) })}
					</>
				),
			};
		}),
	];
	if (todos.length === 0) return null;
	const at = `/organizations/${id}`;
	const more = [
		{ to: `${at}/webhooks`, name: t("common.webhooks"), count: left(webhooks.data) },
		{ to: `${at}/keys`, name: t("common.keys"), count: left(keys.data) },
		{ to: `${at}/invitations`, name: t("common.invitations"), count: left(invitations.data) },
	].filter((m) => m.count > 0);
	const count = todos.length + more.reduce((sum, m) => sum + m.count, 0);
	return (
		<Section id="todo" title={t("organization.overview.needsYou")} count={digits(count)} card>
			<ul className="todo">
				{todos.map((t) => (
					<li key={t.id}>
						<State is={t.is} hidden>
							{t.word}
						</State>
						<span>
							{t.what}
							<br />
							<span className="second">{t.why}</span>
						</span>
						<Link className="button" data-size="small" href={t.to}>
							{t.act}
						</Link>
					</li>
				))}
				{more.map((m) => (
					<li key={m.to}>
						<span />
						<span className="second">{t("organization.overview.andCountMore", { count: m.count })}</span>
						<Link className="button" data-size="small" href={m.to}>
							{m.name}
						</Link>
					</li>
				))}
			</ul>
		</Section>
	);
}

/** Returns how many a list has beside those that it was asked for. */
function left(list: Answer<Resource<unknown>[]> | undefined): number {
	return list ? Math.max((totalOf(list) ?? 0) - list.data.length, 0) : 0;
}

function failing(id: string, w: Webhook): Todo {
	const health = w.attributes.health;
	return {
		id: w.id,
		is: "bad",
		word: t("organization.overview.failing"),
		to: `/organizations/${id}/webhooks/${w.id}`,
		act: t("common.look"),
		what: (
			<>
				{rich("organization.overview.takesNothingSince", {
					value: (
						<b>
							<Typed>{endpointName(w.attributes)}</Typed>
						</b>
					),
					when: short(health?.failingSince),
				})}
			</>
		),
		why: (
			<>
				{t("organization.overview.backlogMessageWaits", { backlog: health?.backlog ?? 0 })} · {hostOf(w.attributes.url)}
			</>
		),
	};
}

function ending(id: string, k: ApiKey): Todo {
	return {
		id: k.id,
		is: "warn",
		word: t("organization.overview.soon"),
		to: `/organizations/${id}/keys`,
		act: t("common.rotate"),
		what: rich("organization.overview.keyEnds", { name: <Typed>{k.attributes.name}</Typed>, when: ago(k.attributes.expiresAt) }),
		why: k.attributes.lastUsedAt
			? t("organization.overview.usedSoSomethingMayStill", { when: ago(k.attributes.lastUsedAt) })
			: t("organization.overview.neverUsed"),
	};
}

function Below({ id, answer, organizations }: TabProps) {
	const { children: below = 0, descendants = below } = answer.data.meta?.counts ?? {};
	const list = useRead<Organization[]>(
		below > 0
			? url(organizations, {
					"filter[parent]": id,
					sort: "name",
					withCounts: "memberships,endpoints,descendants",
					"fields[organizations]": "name,kind,number,active,updatedAt",
					"page[size]": 8,
				})
			: null,
	);
	if (below === 0) return null;
	const rows = list.data?.data;
	return (
		<Section
			id="below"
			title={t("common.below")}
			count={descendants > below ? t("organization.overview.childrenOfAll", { children: below, all: descendants }) : digits(below)}
			more={
				<TextLink end to={`/organizations?view=list&filter[parent]=${id}`}>
					{t("organization.overview.openAsAList")}
				</TextLink>
			}
		>
			{!rows ? (
				<Ghosts rows={Math.min(below, 4)} />
			) : (
				<div className="listed">
					<table className="table" data-folds="kind">
						<thead>
							<tr>
								<th scope="col">{t("common.name")}</th>
								<th scope="col" className="number">
									{t("common.number")}
								</th>
								<th scope="col" className="number">
									{t("common.members")}
								</th>
								<th scope="col">{t("common.webhooks")}</th>
								<th scope="col">{t("common.changed")}</th>
							</tr>
						</thead>
						<tbody>
							{rows.map((o) => (
								<tr key={o.id}>
									<td>
										<OrganizationName of={o} />
									</td>
									<td className="number mono" data-fold="no">
										{o.attributes.number}
									</td>
									<td className="number" data-fold="end">
										<Members of={o.meta?.counts?.memberships} />
									</td>
									<td data-fold="under">
										{o.meta?.counts?.endpoints ? (
											t("common.endpointsEndpoint", { endpoints: o.meta.counts.endpoints })
										) : (
											<span className="quiet">{t("common.noEndpoint")}</span>
										)}
									</td>
									<td className="second" data-fold="no">
										{short(o.attributes.updatedAt)}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</Section>
	);
}

function Recent({ id }: TabProps) {
	const { data, error, refetch } = useRead<RecordedEvent[]>(
		url("events", { "filter[organizationId]": id, sort: "-occurredAt", include: "organization", "page[size]": 5 }),
	);
	const known = [...(data?.included ?? []), ...useNames(data?.data ?? [])];
	if (error && !data) return <Refused error={error} again={() => void refetch()} />;
	if (data && data.data.length === 0) {
		return (
			<Section id="recent" title={t("organization.overview.recentChanges")}>
				<p className="second">{t("organization.overview.nothingHasChangedHereSince")}</p>
			</Section>
		);
	}
	return (
		<Section
			id="recent"
			title={t("organization.overview.recentChanges")}
			more={
				<TextLink end to={`/organizations/${id}/events`}>
					{t("organization.overview.allEvents")}
				</TextLink>
			}
		>
			{!data ? (
				<Ghosts rows={3} />
			) : (
				<ul className="log">
					{data.data.map((e) => (
						<li key={e.id}>
							<Link className="log-row" href={`/events/${e.id}`}>
								<span className="second mono">{short(e.attributes.occurredAt)}</span>
								<span className="cut">{actorName(e)}</span>
								<span className="cut">
									<Sentence event={e} included={known} here={id} />
								</span>
								<span className="quiet">
									<Icon name="next" />
								</span>
							</Link>
						</li>
					))}
				</ul>
			)}
		</Section>
	);
}

function WhoRunsIt({ id, may }: TabProps) {
	const { data } = useRead<Membership[]>(
		url("memberships", {
			"filter[effectiveAt]": id,
			include: "user,roles",
			"fields[users]": "fullName",
			"fields[roles]": "name,rank,inheritable",
			"fields[memberships]": "user,roles,organization",
			"page[size]": 100,
		}),
	);
	const rows = (data?.data ?? [])
		.map((m) => {
			const here = !Array.isArray(m.relationships?.organization?.data) && m.relationships?.organization?.data?.id === id;
			const roles = relatedMany<Role["attributes"]>(data, m, "roles").filter((r) => here || r.attributes.inheritable);
			const highest = roles.toSorted((a, b) => (b.attributes.rank ?? 0) - (a.attributes.rank ?? 0))[0];
			return { id: m.id, here, user: related<User["attributes"]>(data, m, "user"), role: highest };
		})
		.filter((r) => (r.role?.attributes.rank ?? 0) >= 60)
		.sort((a, b) => (b.role?.attributes.rank ?? 0) - (a.role?.attributes.rank ?? 0) || Number(b.here) - Number(a.here))
		.filter((r, i, all) => all.findIndex((other) => other.user?.id === r.user?.id) === i) // once, by the highest that they have
		.slice(0, 6);
	return (
		<Section
			id="who"
			title={t("organization.overview.whoRunsIt")}
			card
			more={
				may("memberships:read") && (
					<TextLink end to={`/organizations/${id}/people`}>
						{t("organization.overview.allPeople")}
					</TextLink>
				)
			}
		>
			<div className="body stack">
				{data && rows.length === 0 && (
					<>
						<p className="second">{t("organization.overview.nobodyWithTheRankOf")}</p>
						{may("invitations:write") && (
							<p>
								<Does of="I">{t("organization.overview.inviteSomebodyWhoDoes")}</Does>
							</p>
						)}
					</>
				)}
				<ul className="stack tight">
					{rows.map((r) => {
						const name = r.user?.attributes.fullName ?? t("common.somebodyYouDoNotSee");
						return (
							<li className="row" key={r.id}>
								<Face name={name} small />
								{r.user ? (
									<Link className="cut plain" href={`/people/${r.user.id}`}>
										<Typed>{name}</Typed>
									</Link>
								) : (
									<span className="cut quiet">{name}</span>
								)}
								<span className="end">
									<Held from={r.here ? "here" : "above"}>{r.role?.attributes.name}</Held>
								</span>
							</li>
						);
					})}
				</ul>
				<p className="hint row wrap gap3" aria-hidden="true">
					<span className="held" data-from="here">
						{t("organization.overview.givenHere")}
					</span>
					<span className="held" data-from="above">
						{t("organization.overview.comesFromAbove")}
					</span>
				</p>
			</div>
		</Section>
	);
}

function Facts({ id, answer, may }: TabProps) {
	const a = answer.data.attributes;
	const by = related<{ fullName?: string; name?: string }>(answer, answer.data, "createdBy")?.attributes;
	return (
		<Section
			id="facts"
			title={t("common.facts")}
			more={
				may("organizations:write") && (
					<TextLink end to={`/organizations/${id}/settings`}>
						{t("organization.overview.edit")}
					</TextLink>
				)
			}
		>
			<dl className="facts">
				<dt>{t("common.id")}</dt>
				<dd>
					<Copy text={id} what={t("common.id2")} shown={shortId(id)} />
				</dd>
				<dt>{t("organization.overview.valid")}</dt>
				<dd>{validity(a.validFrom, a.validTo)}</dd>
				<dt>{t("common.description")}</dt>
				<dd>{a.description ? <Typed>{a.description}</Typed> : <span className="quiet">{t("common.none")}</span>}</dd>
				<dt>{t("common.itsOwnWebhook")}</dt>
				<dd className="break">
					{a.webhookUrl ? <Outside href={a.webhookUrl} /> : <span className="quiet">{t("common.none")}</span>}
				</dd>
				<dt>{t("organization.overview.locationTracking")}</dt>
				<dd>{a.locationTracking ? t("organization.overview.on") : t("organization.overview.off")}</dd>
				<dt>{t("organization.overview.eventProducer")}</dt>
				<dd>{a.isEventProducer ? t("common.yes") : t("common.no")}</dd>
				<dt>{t("organization.overview.created")}</dt>
				<dd>
					{date(a.createdAt)}
					{by && <> {rich("organization.overview.by", { fullName: <Typed>{by.fullName ?? by.name}</Typed> })}</>}
				</dd>
			</dl>
		</Section>
	);
}

function validity(from: string | null | undefined, to: string | null | undefined): string {
	if (from && to) return t("organization.overview.to", { when: date(from), when2: date(to) });
	if (from) return t("organization.overview.from", { when: date(from) });
	return to ? t("organization.overview.until", { when: date(to) }) : t("organization.overview.always");
}
