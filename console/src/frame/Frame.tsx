/* What stands around every page: the side, the path, Find, and what is said beside the page. */

import { Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { forOthers, useStanding } from "../api/standing";
import { organizationsOf, useMay, useMe, type Me } from "../api/me";
import { url } from "../api/client";
import type { Organization } from "../api/resources";
import { useRead } from "../api/query";
import { FindField, FindProvider } from "../parts/find-field";
import { early, later } from "../parts/later";
import { useFocusStays } from "../parts/focus";
import { Icon, Mark } from "../parts/icons";
import { dismiss, keep, leaveAlone, useNotice, useSpoken } from "../parts/live";
import { SquareButton, Typed } from "../parts/small";
import { Bars } from "./Bars";
import { onKeyDown, useKeys } from "./keys";
import { endMove, useMoving } from "./moving";
import { TellProvider, useFocusOnNavigation, type Crumb } from "./page";
import { rowKeys } from "./rows";
import { Side, lists } from "./Side";
import { TreeStore } from "./tree-store";
import { useLeaving } from "../parts/unsaved";
import { t } from "../words/message";

const Palette = early(() => import("./Palette"));
const KeyList = early(() => import("./KeyList"));
const MoveDialog = later(() => import("../screens/organization/Move"));
const Leave = early(() => import("./Leave"));
const NewOrganization = later(() => import("../screens/organization/New"));

export interface FrameState {
	me: Me | undefined;
	store: TreeStore;
}

export function Frame({ children }: { children: (state: FrameState) => ReactNode }) {
	const { data: answer } = useMe();
	const me = answer?.data;
	const organizations = organizationsOf(me);
	const store = useMemo(() => new TreeStore(organizations), [organizations]);
	const [told, setTold] = useState<{ crumbs: Crumb[]; organization?: string }>({ crumbs: [] });
	const { drawer, openDrawer, closeDrawer } = useDrawer();
	const [over, setOver] = useState<"palette" | "keys" | "new" | null>(null);
	const leaving = useLeaving();
	const { moving } = useMoving();
	const [, go] = useLocation();
	const close = useCallback(() => setOver(null), []);
	const find = useCallback(() => setOver("palette"), []);

	useEffect(() => {
		const press = (e: KeyboardEvent) => {
			if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") {
				e.preventDefault();
				find();
			}
			onKeyDown(e);
		};
		window.addEventListener("keydown", press);
		return () => window.removeEventListener("keydown", press);
	}, [find]);
	useKeys([
		{ key: "/", label: t("common.findOrPasteAnything"), act: find },
		{ key: "?", label: t("common.allKeysOfThisPage"), act: () => setOver("keys") },
		...rowKeys,
		...lists.map((l) => ({ key: `G ${l.letter}`, label: t("frame.frame.goTo", { name: l.name }), act: () => go(l.path) })),
	]);
	useFocusOnNavigation();
	const may = useMay(me ? told.organization : undefined);
	const by = useStanding();
	const lacks = may.known && !may("organizations:write") && t("frame.frame.itTakesOrganizationsWriteAt");
	const makesNone = told.organization === undefined ? by.heads : lacks || forOthers(by);
	useKeys(makesNone ? [] : [{ key: "N", label: t("common.newOrganization"), act: () => setOver("new") }]);

	const way = useRead<Organization[]>(
		told.organization && me
			? url(organizations, { "filter[descendant]": told.organization, "fields[organizations]": "name,kind", "page[size]": 100 })
			: null,
		{ every: 60_000, keep: true },
	);
	const path = told.organization ? (way.data?.data ?? []) : [];
	const known = path.at(-1)?.id === told.organization ? path : [];
	const crumbs: Crumb[] = [
		...known
			.slice(0, told.crumbs.length ? undefined : -1)
			.map((o) => ({ name: o.attributes.name ?? "", to: `/organizations/${o.id}` })),
		...(told.crumbs.length ? told.crumbs : known.slice(-1).map((o) => ({ name: o.attributes.name ?? "" }))),
	];
	return (
		<TellProvider value={setTold}>
			<a className="skip" href="#main" inert={drawer}>
				{t("common.skipToThePage")}
			</a>
			<div className="frame">
				<Side
					me={me}
					store={store}
					open={told.organization}
					path={known.map((o) => o.id)}
					drawer={drawer}
					close={closeDrawer}
					makesNone={makesNone}
					newOrganization={() => setOver("new")}
				/>
				{drawer && <div className="scrim drawer-scrim" onClick={() => closeDrawer(true)} />}
				<div className="main" inert={drawer}>
					<FindProvider value={find}>
						<Top crumbs={crumbs} openDrawer={openDrawer} find={find} />
						<Bars me={me} />
						<main id="main" tabIndex={-1}>
							{children({ me, store })}
						</main>
					</FindProvider>
				</div>
			</div>
			<Suspense fallback={null}>
				{leaving && <Leave />}
				{over === "palette" && <Palette me={me} close={close} organization={told.organization} />}
				{over === "keys" && <KeyList close={close} />}
				{moving && <MoveDialog key={moving.id} {...moving} store={store} close={endMove} />}
				{over === "new" && <NewOrganization parent={told.organization} store={store} close={close} />}
			</Suspense>
			<Said />
		</TellProvider>
	);
}

/**
 * The side as a drawer, where there is no room for it beside the page. While it is open the page behind it cannot be reached; Esc closes it,
 * and gives the focus back to what opened it.
 */
function useDrawer() {
	const [drawer, setDrawer] = useState(false);
	const opener = useRef<Element | null>(null);
	const openDrawer = () => {
		opener.current = document.activeElement;
		setDrawer(true);
	};
	// Who goes to a page has the focus there.
	const closeDrawer = useCallback((back: boolean) => {
		setDrawer(false);
		if (back) requestAnimationFrame(() => (opener.current as HTMLElement | null)?.focus());
	}, []);
	useEffect(() => {
		if (!drawer) return;
		document.querySelector<HTMLElement>(".drawer-close")?.focus();
		const wide = matchMedia("(min-width: 60.01rem)");
		const widened = () => setDrawer(false);
		const escape = (e: KeyboardEvent) => {
			if (e.key === "Escape" && !e.defaultPrevented && !document.querySelector("[role=dialog]:not(.side), [role=menu]"))
				closeDrawer(true);
		};
		wide.addEventListener("change", widened);
		window.addEventListener("keydown", escape);
		return () => {
			wide.removeEventListener("change", widened);
			window.removeEventListener("keydown", escape);
		};
	}, [drawer, closeDrawer]);
	return { drawer, openDrawer, closeDrawer };
}

function Top({ crumbs, openDrawer, find }: { crumbs: Crumb[]; openDrawer: () => void; find: () => void }) {
	const back = crumbs.slice(0, -1).findLast((c) => c.to);
	return (
		<header className="top">
			<SquareButton icon="menu" label={t("frame.frame.openNavigation")} className="narrow-only" onClick={openDrawer} />
			<nav className="crumbs wide-only" aria-label={t("frame.frame.path")}>
				<ol>
					{crumbs.map((c, i) => (
						<li key={i}>
							{c.to && i < crumbs.length - 1 ? (
								<Link href={c.to}>
									<Typed>{c.name}</Typed>
								</Link>
							) : (
								<span aria-current="page">
									<Typed>{c.name}</Typed>
								</span>
							)}
						</li>
					))}
				</ol>
			</nav>
			{back?.to ? (
				<Link className="button narrow-only cut" data-kind="bare" href={back.to}>
					<Icon name="back" />
					<span className="cut">
						<Typed>{back.name}</Typed>
					</span>
				</Link>
			) : (
				<Link className="wordmark narrow-only" href="/">
					<Mark />
					{t("common.roster")}
				</Link>
			)}
			<FindField className="wide-only" />
			<SquareButton icon="search" label={t("common.findOrPasteAnything")} className="narrow-only end" onClick={find} />
		</header>
	);
}

export function Said() {
	const notice = useNotice();
	const spoken = useSpoken();
	useFocusStays();
	const undo = () => {
		notice?.undo?.();
		dismiss();
	};
	useKeys([{ key: "U", label: t("frame.frame.undoWhatIsSaid"), act: undo, when: () => Boolean(notice?.undo) }]);
	return (
		<>
			<div className="only-read" role="status" aria-live="polite">
				{spoken}
			</div>
			{notice && (
				<section
					className="toast"
					aria-label={t("frame.frame.whatHappened")}
					key={notice.id}
					onPointerEnter={keep}
					onPointerLeave={leaveAlone}
					onFocus={keep}
					onBlur={leaveAlone}
				>
					<span>{notice.text}</span>
					{notice.undo && (
						<button className="toast-undo" type="button" aria-keyshortcuts="U" onClick={undo}>
							{t("frame.frame.undo")}
						</button>
					)}
					<button className="toast-close" type="button" aria-label={t("common.close")} onClick={dismiss}>
						<Icon name="close" />
					</button>
				</section>
			)}
		</>
	);
}
