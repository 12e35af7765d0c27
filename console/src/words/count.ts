/* Numbers and lists as people say them. */

import { language } from "./language";

const number = new Intl.NumberFormat(language.tag);
const list = new Intl.ListFormat(language.tag);
const units = new Intl.ListFormat(language.tag, { type: "unit", style: "short" });

/** 4,182 */
export function digits(n: number): string {
	return number.format(n);
}

/** a, b and c */
export function all(words: string[]): string {
	return list.format(words);
}

/** a, b, c: what is set side by side, such as words of the API. */
export function row(words: string[]): string {
	return units.format(words);
}

/** 98.7 % of a share of one: a digit more near the whole, where it says something. */
export function percent(share: number): string {
	const digits = share > 0.99 && share < 1 ? 1 : 0;
	return new Intl.NumberFormat(language.tag, { style: "percent", maximumFractionDigits: digits }).format(share);
}

/** Returns an id so that it fits: the beginning and the end. */
export function shortId(id: string): string {
	return id.length > 20 ? `${id.slice(0, 13)}…${id.slice(-4)}` : id;
}

/** Returns one or two letters for who has no picture. */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/).filter(Boolean);
	const first = [...(words[0] ?? "?")][0] ?? "?";
	const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
	return (first + last).toLocaleUpperCase();
}

// Characters that change the direction of what follows, or are not seen. Those that join letters and emoji stay.
const hidden = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

/** Reports whether somebody has typed a name: as it is, as it is shown, or with letters that are put together in another way. */
export function typedIs(name: string | undefined, typed: string): boolean {
	const plain = (text: string) => visible(text).normalize().trim();
	return plain(typed) === plain(name ?? "");
}

// No letter of any language has more marks than these, and each one more stands above those of the line before.
const marks = /(\p{M}{4})\p{M}+/gu;

/**
 * Returns a text that somebody typed so that it cannot look like another one, or cover what is beside it: what would turn it around stands there
 * by its number, and a letter has no more marks than letters have.
 */
export function visible(text: string): string {
	return text.replace(marks, "$1‹…›").replace(hidden, (c) => `‹U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}›`);
}
