/* One organization: its head, its tabs, and the tab that is open. */

import "../../styles/making.css";
import { Suspense, useCallback, useEffect, useLayoutEffect, useRef, useState, type ComponentType } from "react";
import { Link, useLocation } from "wouter";
import { organizationsOf, useMay, useMayAt } from "../../api/me";
import { forOthers, useStanding } from "../../api/standing";
import { url } from "../../api/client";
import type { Answer } from "../../api/document";
import { idOf, totalOf } from "../../api/document";
import type { Organization as Org } from "../../api/resources";
import { useRead } from "../../api/query";
import { keysNow, useKeys } from "../../frame/keys";
import { move } from "../../frame/moving";
import { usePage } from "../../frame/page";
import { later } from "../../parts/later";
import { Menu, type MenuEntry } from "../../parts/menu";
import { lost, Refused } from "../../parts/failure";
import { Icon, Kind } from "../../parts/icons";
import { prefer } from "../../parts/preferences";
import { Button, Copy, Dot, Ghosts, State, Typed } from "../../parts/small";
import { digits } from "../../words/count";
import type { ScreenProps } from "../../Console";
import { NoPage } from "../NoPage";
import { movesAway } from "./moves-away";
import { Withheld } from "../withheld";
import { t } from "../../words/message";

const NewOrganization = later(() => import("./New"));
const Invite = later(() => import("./Invite"));

export interface TabProps extends ScreenProps {
	id: string;
	answer: Answer<Org>;
	/** The path of organizations for the caller. */
	organizations: string;
	/** The request of the organization that is open. */
	request: string;
	may: (word: string) => boolean;
	/** What follows the name of the tab in the path. */
	rest: string[];
}

interface Tab {
	path: string;
	name: string;
	/** What it takes to see it. */
	needs?: string;
	/** What that is, in a sentence. */
	shows?: string;
	screen: ComponentType<TabProps>;
}

const tabs: Tab[] = [
	{ path: "", name: t("organization.organization.overview"), screen: later(() => import("./Overview")) },
	{
		path: "people",
		name: t("common.people"),
		needs: "memberships:read",
		shows: t("organization.organization.whoIsAMember"),
		screen: later(() => import("./People")),
	},
	{ path: "roles", name: t("common.roles"), needs: "roles:read", shows: t("common.roles2"), screen: later(() => import("./Roles")) },
	{
		path: "invitations",
		name: t("common.invitations"),
		needs: "invitations:read",
		shows: t("organization.organization.invitations"),
		screen: later(() => import("./Invitations")),
	},
	{ path: "keys", name: t("common.keys"), needs: "apiKeys:read", shows: t("common.keys2"), screen: later(() => import("./Keys")) },
	{
		path: "webhooks",
		name: t("common.webhooks"),
		needs: "webhooks:read",
		shows: t("organization.organization.endpoints"),
		screen: later(() => import("./Webhooks")),
	},
	{ path: "events", name: t("common.events"), needs: "events:read", shows: t("common.events2"), screen: later(() => import("./Events")) },
	{ path: "settings", name: t("common.settings"), screen: later(() => import("./Settings")) },
];

/** What the number beside a tab counts, where that is not all that the tab has. */
const counting: Record<string, (count: number) => string> = {
	people: (count) => t("organization.organization.countHere", { count }),
	invitations: (count) => t("organization.organization.countPending", { count }),
	webhooks: digits,
};

export const counted = "children,descendants,memberships,endpoints,pendingInvitations";

export default function Organization(props: ScreenProps) {
	const { me, params } = props;
	const id = params.id ?? "";
	const [name = "", ...rest] = (params["*"] ?? "").split("/").filter(Boolean);
	const tab = tabs.find((t) => t.path === name);
	const organizations = organizationsOf(me);
	const request = url(`${organizations}/${id}`, { include: "parent,createdBy", withCounts: counted });
	const read = useRead<Org>(me ? request : null);
	const may = useMay(me ? id : undefined);
	useEffect(() => {
		if (read.data) prefer({ last: id });
	}, [id, read.data]);
	if (!tab || (rest.length > 0 && tab.path !== "webhooks")) return <NoPage />;
	if (lost(read)) {
		if (read.error && "status" in read.error && read.error.status === 404) prefer({ last: undefined });
		return <Lost error={read.error} again={() => void read.refetch()} />;
	}
	if (!read.data)
		return (
			<div className="page">
				<Ghosts />
			</div>
		);
	const answer = read.data;
	if (tab.needs && !may(tab.needs)) {
		const shown = may.known && (
			<Withheld word={tab.needs} what={tab.shows ?? ""} at={{ id, name: answer.data.attributes.name ?? "" }} />
		);
		return (
			<div className="page stack">
				<Head {...props} id={id} answer={answer} tab={tab} may={may} request={request} />
				{shown || <Ghosts />}
			</div>
		);
	}
	const Screen = tab.screen;
	const whole = rest.length > 0 && tab.path === "webhooks"; // an endpoint and its deliveries take the page for themselves
	const screen = (
		<Suspense
			fallback={
				<div className={whole ? "page" : undefined}>
					<Ghosts />
				</div>
			}
		>
			<Screen {...props} id={id} answer={answer} organizations={organizations} request={request} may={may} rest={rest} />
		</Suspense>
	);
	if (whole) return screen;
	return (
		<div className="page stack">
			<Head {...props} id={id} answer={answer} tab={tab} may={may} request={request} />
			{screen}
		</div>
	);
}

function Lost({ error, again }: { error: unknown; again: () => void }) {
	usePage({ title: t("common.nothingHere"), crumbs: [{ name: t("common.nothingHere") }] });
	return (
		<div className="page">
			<Refused error={error} again={again} />
		</div>
	);
}

interface HeadProps extends ScreenProps {
	id: string;
	answer: Answer<Org>;
	tab: Tab;
	request: string;
	may: (word: string) => boolean;
}

function Head({ id, answer, tab, request, may, store }: HeadProps) {
	const org = answer.data;
	const [, go] = useLocation();
	const [over, setOver] = useState<"new" | "invite" | null>(null);
	const a = org.attributes;
	const counts = org.meta?.counts ?? {};
	const shown = tabs.filter((t) => !t.needs || may(t.needs));
	const to = (t: Tab) => `/organizations/${id}${t.path && "/" + t.path}`;
	usePage({
		title: tab.path ? t("organization.organization.of", { name: tab.name, name2: a.name }) : a.name,
		crumbs: [],
		organization: id,
		request,
	});
	const invite = may("invitations:write") ? false : t("common.itTakesInvitationsWriteHere");
	const by = useStanding();
	const write = may("organizations:write") ? forOthers(by) : t("common.itTakesOrganizationsWriteHere");
	const above = idOf(org, "parent");
	const mayAt = useMayAt(above ? [id, above] : [id]);
	const away = movesAway(id, above, mayAt, by);
	useKeys([
		...shown.slice(0, 8).map((t, i) => ({ key: String(i + 1), label: t.name, act: () => go(to(t)) })),
		...(invite ? [] : [{ key: "I", label: t("common.inviteTo", { name: a.name }), act: () => setOver("invite" as const) }]),
		...(write
			? []
			: [
					{
						key: "N",
						label: t("organization.organization.newOrganizationBelow", { name: a.name }),
						act: () => setOver("new" as const),
					},
				]),
		...(away ? [] : [{ key: "M", label: t("organization.organization.move", { name: a.name }), act: () => move({ id }) }]),
	]);
	const entries: MenuEntry[] = [
		{
			label: t("common.copyTheRequestAsCurl"),
			icon: "copy",
			key: "C",
			act: () =>
				keysNow()
					.find((k) => k.key === "C")
					?.act?.(),
		},
		{ label: t("common.settings"), icon: "gear", to: `/organizations/${id}/settings` },
	];
	const narrow: MenuEntry[] = [
		{ label: t("common.invite"), icon: "people", not: invite, act: () => setOver("invite") },
		{ label: t("organization.organization.organizationBelow"), icon: "plus", not: write, act: () => setOver("new") },
		{ label: t("common.move"), icon: "move", not: away, act: () => move({ id }) },
		...entries,
	];
	// Where there is no room for all of them, the one that is open is in sight.
	const bar = useRef<HTMLElement>(null);
	const showOpen = useCallback(() => {
		const around = bar.current?.getBoundingClientRect();
		const at = bar.current?.querySelector("[aria-current]")?.getBoundingClientRect();
		if (around && at) bar.current?.scrollBy(at.x + at.width / 2 - around.x - around.width / 2, 0);
	}, []);
	useLayoutEffect(showOpen, [showOpen, tab.path, shown.length]);
	const beside: Record<string, number | undefined> = {
		people: counts.memberships,
		invitations: counts.pendingInvitations,
		webhooks: counts.endpoints,
	};
	return (
		<>
			<div className="row wrap orgtitle">
				<span className="kind-tile">
					<Kind kind={a.kind} />
				</span>
				<div className="cut orgname">
					<div className="row wrap">
						<h1>
							<Typed>{a.name}</Typed>
						</h1>
						{a.deletedAt ? (
							<State is="off">{t("common.deleted")}</State>
						) : a.active === false ? (
							<State is="off">{notActive(a.validFrom)}</State>
						) : (
							<State is="ok">{t("common.active")}</State>
						)}
					</div>
					<p className="second row wrap">
						<span className="capital">{a.kind}</span>
						<Dot />
						<span>#{a.number}</span>
						<Dot />
						<Copy text={a.slug ?? ""} what={t("organization.organization.slug")} />
					</p>
				</div>
				<div className="row end wide-only">
					<Button icon="move" not={away} onClick={() => move({ id })}>
						{t("common.move")}
					</Button>
					<Button icon="plus" not={write} onClick={() => setOver("new")}>
						{t("organization.organization.organizationBelow")}
					</Button>
					<Button kind="main" not={invite} onClick={() => setOver("invite")}>
						{t("common.invite")}
					</Button>
					<Menu label={t("common.moreActions")} square entries={entries}>
						<Icon name="more" />
					</Menu>
				</div>
				<span className="end narrow-only">
					<Menu label={t("common.actions")} square entries={narrow}>
						<Icon name="more" />
					</Menu>
				</span>
			</div>
			<nav className="tabs" aria-label={a.name} ref={bar}>
				<ul>
					{shown.map((t) => (
						<li key={t.path}>
							<Link href={to(t)} aria-current={t === tab ? "page" : undefined}>
								{t.name}
								{Boolean(beside[t.path]) && <span className="count">{counting[t.path]?.(beside[t.path] ?? 0)}</span>}
								{t.path === "webhooks" && (counts.endpoints ?? 0) > 0 && <FailingMark id={id} changed={showOpen} />}
							</Link>
						</li>
					))}
				</ul>
			</nav>
			<Suspense fallback={null}>
				{over === "new" && <NewOrganization parent={id} store={store} close={() => setOver(null)} />}
				{over === "invite" && (
					<Invite
						id={id}
						name={a.name ?? ""}
						first={!above && !by.heads && counts.memberships === 0}
						close={() => setOver(null)}
					/>
				)}
			</Suspense>
		</>
	);
}

function notActive(from: string | null | undefined): string {
	return from && new Date(from) > new Date() ? t("organization.organization.notYetActive") : t("organization.organization.ended");
}

/** Marks that an endpoint fails. changed is called when it comes or goes, which moves what stands behind it. */
function FailingMark({ id, changed }: { id: string; changed: () => void }) {
	const { data } = useRead(
		url("webhooks", { "filter[organizationId]": id, "filter[health]": "failing", "fields[webhooks]": "name", "page[size]": 1 }),
	);
	const fails = Boolean(totalOf(data));
	useLayoutEffect(changed, [changed, fails]);
	return fails ? (
		<State is="bad" hidden>
			{t("organization.organization.failing")}
		</State>
	) : null;
}
