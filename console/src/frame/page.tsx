/* What every page says about itself: its title, its request, and where it belongs. */

import { createContext, useContext, useEffect, type ReactNode } from "react";
import { useLocation } from "wouter";
import { asCurl } from "../api/client";
import { copy } from "../parts/live";
import { wentBack } from "../parts/position";
import { useKeys } from "./keys";
import { t } from "../words/message";

/** Something that stands in the path at the top. */
export interface Crumb {
	name: string;
	to?: string;
}

interface Told {
	crumbs: Crumb[];
	/** The organization that the page is about. */
	organization?: string;
}

const Tell = createContext<(told: Told) => void>(() => undefined);

export const TellProvider = Tell.Provider;

/** Tells the frame what the page is. request is what "copy as curl" copies. */
export function usePage({ title, crumbs, organization, request }: Told & { title: string | undefined; request?: string }) {
	const tell = useContext(Tell);
	const said = JSON.stringify({ crumbs, organization });
	useEffect(() => tell(JSON.parse(said) as Told), [tell, said]);
	useEffect(() => {
		document.title = title ? t("frame.page.roster", { title }) : "Roster";
	}, [title]);
	useCurl(request);
	useKeys([{ key: "L", label: t("frame.page.copyTheLinkToThis"), act: () => copy(location.href, t("common.theLink")) }]);
}

/** Says which request "copy as curl" copies, on a page; or on a tab, which is there later, and has its list in place of its page's. */
export function useCurl(request: string | undefined) {
	useKeys(request ? [{ key: "C", label: t("frame.page.copyTheRequestOfThis"), act: () => copyCurl(request) }] : []);
}

export function copyCurl(request: string) {
	return copy(asCurl(request), t("frame.page.theRequestAsCurl"));
}

/**
 * Moves the focus to the heading of a page that was gone to, as soon as it is there; not of the first page, where the browser is at the top,
 * and not away from where somebody has gone meanwhile.
 */
export function useFocusOnNavigation() {
	const [path] = useLocation();
	useEffect(() => {
		if (first) {
			first = false;
			return;
		}
		if (!wentBack()) window.scrollTo(0, 0);
		const before = document.activeElement;
		const settle = () => {
			const heading = document.querySelector<HTMLElement>("main h1");
			if (!heading?.checkVisibility()) return false; // the page before is hidden, and not gone, while this one is loaded
			const now = document.activeElement;
			if ((now === before || now === document.body || !now) && !document.querySelector("[role=dialog]")) {
				heading.tabIndex = -1;
				heading.focus({ preventScroll: true });
			}
			return true;
		};
		const frame = requestAnimationFrame(() => {
			if (!settle()) watch.observe(document.body, { childList: true, subtree: true });
		});
		const watch = new MutationObserver(() => settle() && watch.disconnect());
		return () => {
			cancelAnimationFrame(frame);
			watch.disconnect();
		};
	}, [path]);
}

let first = true;

/** Reports whether a path is one that a page can have. Ids in it go into requests as they stand, and one of the API needs no escape. */
export function hasPage(): boolean {
	return /^[\w.~/-]*$/.test(location.pathname);
}

/** A page of the width that can be read. */
export function Page({ children }: { children: ReactNode }) {
	return <div className="page stack">{children}</div>;
}
