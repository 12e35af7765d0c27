/* What every page says about itself: its title, its request, and where it belongs. */

import { createContext, useContext, useEffect, type ReactNode } from "react";
import { useLocation } from "wouter";
import { asCurl } from "../api/client";
import { copy } from "../parts/live";
import { useKeys } from "./keys";

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
		document.title = title ? `${title} · Roster` : "Roster";
	}, [title]);
	useKeys([
		...(request ? [{ key: "C", label: "Copy the request of this page as curl", act: () => copyCurl(request) }] : []),
		{ key: "L", label: "Copy the link to this page", act: () => copy(location.href, "the link") },
	]);
}

export function copyCurl(request: string) {
	return copy(asCurl(request), "the request as curl");
}

/** Moves the focus to the heading of a page that was gone to; not of the first, where the browser is at the top. */
export function useFocusOnNavigation() {
	const [path] = useLocation();
	useEffect(() => {
		if (first) {
			first = false;
			return;
		}
		const frame = requestAnimationFrame(() => {
			const heading = document.querySelector<HTMLElement>("main h1") ?? document.querySelector<HTMLElement>("main");
			if (!heading || document.querySelector("[role=dialog]")) return;
			heading.tabIndex = -1;
			heading.focus({ preventScroll: true });
			window.scrollTo(0, 0);
		});
		return () => cancelAnimationFrame(frame);
	}, [path]);
}

let first = true;

/** A page of the width that can be read. */
export function Page({ children }: { children: ReactNode }) {
	return <div className="page stack">{children}</div>;
}
