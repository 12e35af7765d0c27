/* What a portal link opens: the webhooks of one organization, for somebody without an account. There is no way out of it but the link back. */

import { Suspense, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { Link, Redirect, Route, Router, Switch, useLocation } from "wouter";
import { ask, Failure, url } from "../../api/client";
import { credential } from "../../api/credential";
import { idOf, type Resource } from "../../api/document";
import { holds } from "../../api/me";
import { portalId } from "../../api/portal";
import { useRead } from "../../api/query";
import { Bars } from "../../frame/Bars";
import { Said } from "../../frame/Frame";
import { onKeyDown, useKeys } from "../../frame/keys";
import { hasPage, useFocusOnNavigation, usePage } from "../../frame/page";
import { early, later } from "../../parts/later";
import { Boundary } from "../../parts/boundary";
import { typing, useLeaving } from "../../parts/unsaved";
import { showWhole } from "../../parts/whole";
import { Refused } from "../../parts/failure";
import { Icon, Mark } from "../../parts/icons";
import { Ghosts, Typed } from "../../parts/small";
import type { TabProps } from "../organization/Organization";
import { NoPage } from "../NoPage";
import { takeFragment } from "./fragment";
import "../../styles/portal.css";
import { t } from "../../words/message";

const Webhooks = later(() => import("../organization/Webhooks"));
const Deliveries = later(() => import("./Deliveries"));
const EventTypes = later(() => import("./EventTypes"));
const KeyList = early(() => import("../../frame/KeyList"));
const Leave = early(() => import("../../frame/Leave"));

interface LinkAttributes {
	name?: string | null;
	permissions?: string[];
	/** What its endpoints may be sent. */
	hears?: string[];
	returnUrl?: string | null;
}

type PortalLink = Resource<LinkAttributes>;

/** Opens the link, if its token is in the address. That it was opened before is no matter for whoever has its session. */
async function open(): Promise<void> {
	const sent = takeFragment();
	if (!sent) return;
	try {
		await ask(url("sessions"), {
			method: "POST",
			signingIn: true,
			body: { data: { type: "sessions" }, meta: { portalToken: sent } },
		});
	} catch (e) {
		if (!(e instanceof Failure) || e.status !== 401) throw e;
	}
}

export default function Portal() {
	const [opened, setOpened] = useState<boolean | Failure>(false);
	useEffect(() => {
		open().then(
			() => setOpened(true),
			(e) => setOpened(e as Failure),
		);
	}, []);
	if (opened instanceof Failure) return <Alone>{opened.status === 404 ? <Ended /> : <Refused error={opened} />}</Alone>;
	return opened ? <Opened /> : null;
}

function Opened() {
	const me = useRead<PortalLink>(url("me"), { every: 60_000 });
	const state = useSyncExternalStore(credential.subscribe, credential.read);
	const link = me.data?.data;
	useEffect(() => {
		if (me.data || me.error) showWhole();
	}, [me.data, me.error]);
	const refused = me.error instanceof Failure && me.error.status === 401;
	const ended = state === "ended" || refused;
	// What somebody was typing when it ended stays, so that it can be copied; there is nothing else that could be done with it.
	const keeps = ended && link?.id === portalId && typing();
	if ((ended && !keeps) || (link && link.id !== portalId))
		return (
			<Alone>
				<Ended />
			</Alone>
		);
	if (me.error && !link)
		return (
			<Alone>
				<Refused error={me.error} again={() => void me.refetch()} />
			</Alone>
		);
	if (!link) return null;
	return (
		<Router base={`/portal/${portalId}`}>
			<Inside link={link} ended={ended} />
		</Router>
	);
}

/** A page that stands by itself. */
function Alone({ children }: { children: ReactNode }) {
	useEffect(() => {
		document.title = t("common.webhooks");
		document.documentElement.dataset.ready = "";
	}, []);
	return <main className="portal-alone">{children}</main>;
}

function Ended() {
	return (
		<div className="empty">
			<h1>{t("portal.portal.thisLinkHasEnded")}</h1>
			<p className="second">{t("portal.portal.itWasOpenedBeforeIts")}</p>
		</div>
	);
}

function Inside({ link, ended }: { link: PortalLink; ended: boolean }) {
	const leaving = useLeaving();
	const [path] = useLocation();
	const [keys, setKeys] = useState(false);
	const organization = idOf(link, "organization") ?? "";
	const words = link.attributes.permissions ?? [];
	const hears = link.attributes.hears ?? [];
	const may = (word: string) => {
		if (/^(webhooks|events):/.test(word)) return holds(words, word);
		// The words of webhooks are for their deliveries, too. What an endpoint gets is what may be read by the words of who made the link.
		return holds(words, word) || holds(words, word.replace("webhookDeliveries:", "webhooks:")) || hears.includes(word);
	};
	const endpoints = `/organizations/${organization}/webhooks`;
	const tabs = [
		...(may("webhooks:read") ? [{ name: t("portal.portal.endpoints"), to: endpoints }] : []),
		...(may("webhookDeliveries:read") ? [{ name: t("common.deliveries"), to: "/deliveries" }] : []),
		{ name: t("common.eventTypes"), to: "/event-types" },
	];
	useEffect(() => {
		window.addEventListener("keydown", onKeyDown);
		return () => window.removeEventListener("keydown", onKeyDown);
	}, []);
	useKeys([{ key: "?", label: t("common.allKeysOfThisPage"), act: () => setKeys(true) }]);
	useFocusOnNavigation();
	const at = tabs.find((t) => path === t.to || path.startsWith(t.to + "/"));
	const rest = at?.to === endpoints ? path.slice(endpoints.length).split("/").filter(Boolean) : [];
	const tab = { id: organization, may, rest, withoutEvents: !may("events:read") } as unknown as TabProps;
	return (
		<div className="frame portal">
			<div className="main">
				<a className="skip" href="#main">
					{t("common.skipToThePage")}
				</a>
				<header className="top">
					<span className="wordmark wide-only">
						<Mark />
						{t("common.webhooks")}
					</span>
					<nav className="portal-tabs" aria-label={t("common.webhooks")}>
						<ul>
							{tabs.map((t) => (
								<li key={t.to}>
									<Link href={t.to} aria-current={t === at ? "page" : undefined}>
										{t.name}
									</Link>
								</li>
							))}
						</ul>
					</nav>
					<Back to={link.attributes.returnUrl} />
				</header>
				<Bars me={undefined} />
				{ended && (
					<p className="bar" data-is="warn" role="alert">
						<Icon name="alert" />
						{t("portal.portal.thisLinkHasEndedWhat")}
					</p>
				)}
				<main id="main" tabIndex={-1}>
					<Boundary at={path}>
						<Suspense
							fallback={
								<div className="page">
									<Ghosts />
								</div>
							}
						>
							<Switch>
								{!hasPage() && (
									<Route>
										<NoPage />
									</Route>
								)}
								<Route path="/">
									<Redirect to={tabs[0]?.to ?? "/event-types"} replace />
								</Route>
								<Route path={endpoints}>
									<Endpoints {...tab} />
								</Route>
								<Route path={`${endpoints}/*`}>
									<Webhooks {...tab} />
								</Route>
								<Route path="/deliveries">
									<Deliveries
										organization={organization}
										endpoints={may("webhooks:read")}
										sends={may("webhookDeliveries:write")}
									/>
								</Route>
								<Route path="/event-types">
									<EventTypes />
								</Route>
								<Route>
									<NoPage />
								</Route>
							</Switch>
						</Suspense>
					</Boundary>
				</main>
			</div>
			<Suspense fallback={null}>
				{leaving && <Leave />}
				{keys && <KeyList close={() => setKeys(false)} />}
			</Suspense>
			<Said />
		</div>
	);
}

/** The list of the endpoints, with the heading that the tab of an organization has above it. */
function Endpoints(tab: TabProps) {
	usePage({ title: t("common.webhooks"), crumbs: [], request: url("webhooks") });
	return (
		<div className="page stack">
			<h1>{t("portal.portal.endpoints")}</h1>
			<Webhooks {...tab} />
		</div>
	);
}

/** The one link that leads out: to where the link was made for, in the window around a frame. */
function Back({ to }: { to: string | null | undefined }) {
	const at = to && URL.canParse(to) ? new URL(to) : null;
	if (!at || (at.protocol !== "https:" && at.protocol !== "http:")) return null; // the service has looked, and so does this
	return (
		<a className="button end" data-kind="bare" href={at.href} target="_top" rel="noreferrer">
			<Icon name="back" />
			<span className="cut">
				<span className="wide-only">{t("portal.portal.backTo")} </span>
				<Typed>{at.host}</Typed>
			</span>
		</a>
	);
}
