/* The rows of a page, whatever it lists: J and K go through them, Enter opens one, X selects it where rows can be selected. */

import type { Key } from "./keys";
import { t } from "../words/message";

const row = "main :is(tbody > tr, .log > li, .todo > li, .list > a, .rolelist > li)";

/** Returns what is focused of a row: the link of what it is about, or the button that opens it. */
function handle(r: Element): HTMLElement | null {
	return r.matches("a") ? (r as HTMLElement) : r.querySelector<HTMLElement>("a.name, .log-row, .list-row, a, button:not([disabled])");
}

function rows(): Element[] {
	return [...document.querySelectorAll(row)].filter((r) => r.checkVisibility() && handle(r));
}

function go(by: number) {
	const all = rows();
	const at = all.findIndex((r) => r.contains(document.activeElement));
	const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
	if (!next) return;
	handle(next)?.focus({ preventScroll: true });
	next.scrollIntoView({ block: "nearest" });
}

function boxes(): HTMLInputElement[] {
	return [...document.querySelectorAll<HTMLInputElement>("main tbody > tr input[type=checkbox]")];
}

function box(): HTMLInputElement | undefined {
	return boxes().find((b) => b.closest("tr")?.contains(document.activeElement));
}

/** The keys of rows; they are there where there are rows. */
export const rowKeys: Key[] = [
	{ key: "J", label: t("frame.rows.nextRow"), act: () => go(1), when: () => rows().length > 0, silent: true },
	{ key: "K", label: t("frame.rows.rowBefore"), act: () => go(-1), when: () => rows().length > 0, silent: true },
	{ key: "Enter", label: t("frame.rows.openTheRow"), when: () => rows().length > 0, silent: true },
	{ key: "X", label: t("frame.rows.selectTheRow"), act: () => box()?.click(), when: () => boxes().length > 0, silent: true },
];
