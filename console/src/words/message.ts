/* The texts of the console: ICU messages, a folder of files for each language. Of ICU it knows what a text of a screen needs: arguments, `number`,
   `plural` with `=n`, the categories of Intl and `#`, `select`, and tags around what is an element. There are no apostrophe rules: a message has no
   literal braces. words.ts beside vite.config.ts puts the English text where its id stands, so that each screen has its own and no more. */

import { createElement, Fragment, type ReactNode } from "react";
import type common from "./en/common.json";
import type events from "./en/events.json";
import type frame from "./en/frame.json";
import type keys from "./en/keys.json";
import type list from "./en/list.json";
import type organization from "./en/organization.json";
import type parts from "./en/parts.json";
import type portal from "./en/portal.json";
import type rotation from "./en/rotation.json";
import type screens from "./en/screens.json";
import type time from "./en/time.json";
import type webhooks from "./en/webhooks.json";
import { language } from "./language";
import { parse, type Part } from "./parse";

type Everything = typeof common &
	typeof events &
	typeof frame &
	typeof keys &
	typeof list &
	typeof organization &
	typeof parts &
	typeof portal &
	typeof rotation &
	typeof screens &
	typeof time &
	typeof webhooks;

export type MessageId = keyof Everything;
export type Values = Record<string, string | number | null | undefined>;
type Elements = Record<string, ReactNode | ((words: ReactNode) => ReactNode)>;

const parsed = new Map<string, Part[]>();

/** Returns a text in the language of the page. Values are put in as they are; {n, number} and # as the language writes numbers. */
export function t(id: MessageId, values: Values = {}): string {
	return said(id, values).join("");
}

/** Returns a text in which elements stand: values that are elements, and tags whose value makes an element of what is inside of them. */
export function rich(id: MessageId, values: Elements = {}): ReactNode {
	return createElement(Fragment, null, ...said(id, values));
}

function said(english: string, values: Elements): ReactNode[] {
	const text = language.messages[english] ?? english;
	let parts = parsed.get(text);
	if (!parts) parsed.set(text, (parts = parse(text)));
	return say(parts, values);
}

const numbers = new Intl.NumberFormat(language.tag);
const plurals = new Intl.PluralRules(language.tag);

function say(parts: Part[], values: Elements, counted = 0): ReactNode[] {
	return parts.flatMap((part): ReactNode[] => {
		if (typeof part === "string") return [part];
		const { name, kind, choices } = part;
		if (kind === "#") return [numbers.format(counted)];
		const value = values[name];
		if (kind === "tag") {
			const inside = say(choices.other ?? [], values, counted);
			const words = createElement(Fragment, null, ...inside);
			return [typeof value === "function" ? value(words) : usual(name, inside.length ? words : undefined)];
		}
		if (kind === "number") return [numbers.format(Number(value))];
		if (kind === "plural") {
			const n = Number(value);
			return say(choices[`=${n}`] ?? choices[plurals.select(n)] ?? choices.other ?? [], values, n);
		}
		if (kind === "select") return say(choices[String(value)] ?? choices.other ?? [], values, counted);
		return [value as ReactNode];
	});
}

/** Returns the element of a tag that has no value: <mono> is what machines read. */
function usual(tag: string, words: ReactNode): ReactNode {
	return tag === "mono" ? createElement("span", { className: "mono" }, words) : createElement(tag, null, words);
}
