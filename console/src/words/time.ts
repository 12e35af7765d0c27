/* Times as people say them. */

import { preferences } from "../parts/preferences";
import { dates, language } from "./language";
import { t } from "./message";

const day = 86_400_000;

// To make a format takes longer than to draw a row.
const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: Date, options: Intl.DateTimeFormatOptions): string {
	const all = preferences().utc ? { ...options, timeZone: "UTC" } : options;
	const key = JSON.stringify(all);
	let known = formats.get(key);
	if (!known) formats.set(key, (known = new Intl.DateTimeFormat(dates, all)));
	return known.format(at);
}

function dayOf(at: Date): string {
	return format(at, { year: "numeric", month: "2-digit", day: "2-digit" });
}

/** 08:31:07 */
export function clock(at: string | Date, seconds = true): string {
	return format(new Date(at), { hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) });
}

/** 08:36:14.402 UTC, without thousandths where none were written down. */
export function exact(at: string): string {
	const d = new Date(at);
	return d.toISOString().slice(11, 23).replace(".000", "") + " UTC";
}

/** 1 Mar 2022 */
export function date(at: string | null | undefined): string {
	return at ? format(new Date(at), { day: "numeric", month: "short", year: "numeric" }) : "";
}

/** Thursday 26 November, with Today or Yesterday in front. */
export function dayTitle(at: string, now = new Date()): string {
	const d = new Date(at);
	const years = d.getFullYear() === now.getFullYear() ? {} : { year: "numeric" as const };
	const name = format(d, { weekday: "long", day: "numeric", month: "long", ...years }).replace(",", "");
	if (dayOf(d) === dayOf(now)) return t("time.today", { day: name });
	if (dayOf(d) === dayOf(new Date(now.getTime() - day))) return t("time.yesterday", { day: name });
	return name;
}

/** 08:52 of today, Tue 17:20 of this week, 12 Nov, 3 Nov 2024. */
export function short(at: string | null | undefined, now = new Date()): string {
	if (!at) return "";
	const d = new Date(at);
	const age = now.getTime() - d.getTime();
	if (dayOf(d) === dayOf(now)) return clock(d, false);
	if (age >= 0 && age < 6 * day) return `${format(d, { weekday: "short" })} ${clock(d, false)}`;
	return format(d, { day: "numeric", month: "short", ...(d.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) });
}

const relative = new Intl.RelativeTimeFormat(language.tag, { numeric: "auto" });

/** 4 minutes ago, in 6 days */
export function ago(at: string | null | undefined, now = Date.now()): string {
	if (!at) return t("time.never");
	const seconds = (new Date(at).getTime() - now) / 1000;
	const size = Math.abs(seconds);
	if (size < 60) return t(seconds < 0 ? "time.justNow" : "time.inAMoment");
	if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
	if (size < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
	if (size < 86_400 * 45) return relative.format(Math.round(seconds / 86_400), "day");
	return relative.format(Math.round(seconds / 86_400 / 30), "month");
}

/** in 9 minutes, or that it is due: what is next is never just now. */
export function due(at: string | null | undefined, now = Date.now()): string {
	return at && new Date(at).getTime() < now ? t("time.due") : ago(at, now);
}

/** UTC+01:00 */
export function offset(): string {
	if (preferences().utc) return "UTC";
	const minutes = -new Date().getTimezoneOffset();
	const two = (n: number) => String(Math.trunc(n)).padStart(2, "0");
	return minutes === 0 ? "UTC" : `UTC${minutes < 0 ? "−" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** 11 ms, 1.2 s */
export function milliseconds(ms: number): string {
	if (ms >= 1000) return t("time.seconds", { n: digits(ms / 1000, ms >= 10_000 ? 0 : 1) });
	return t("time.milliseconds", { n: digits(ms, ms < 10 && ms % 1 ? 1 : 0) });
}

function digits(n: number, after: number): string {
	return n.toLocaleString(language.tag, { minimumFractionDigits: after, maximumFractionDigits: after, useGrouping: false });
}
