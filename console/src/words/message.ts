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
import type webhooks from "./en/webhooks.json";
import { language } from "./language";

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
	typeof webhooks;

export type MessageId = keyof Everything;
export type Values = Record<string, string | number | null | undefined>;
type Elements = Record<string, ReactNode | ((words: ReactNode) => ReactNode)>;

/** A text, an argument with what is chosen by it, or a tag with what it is around. */
export type Part = string | { name: string; kind: string; choices: Record<string, Part[]> };

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

/** Returns the parts of a message. It fails if the message is none. */
export function parse(text: string): Part[] {
	let at = 0;
	const wrong = (what: string): never => {
		throw new Error(`the message “${text}” is wrong at ${at}: ${what}`);
	};
	const take = (form: RegExp, what: string): string => {
		const found = form.exec(text.slice(at));
		if (!found) return wrong(`${what} is expected`);
		at += found[0].length;
		return found[1] ?? "";
	};
	const word = () => take(/^\s*([\w=]+)\s*/, "a name");
	const argument = (plural: boolean): Part => {
		const name = word();
		const choices: Record<string, Part[]> = {};
		if (text[at] === "}") return { name, kind: "", choices };
		take(/^,/, "a comma");
		const kind = word();
		if (kind === "number") return { name, kind, choices };
		if (kind !== "plural" && kind !== "select") return wrong("number, plural or select is expected");
		take(/^,\s*/, "a comma");
		while (text[at] !== "}") {
			const choice = word();
			take(/^\{/, "a brace");
			choices[choice] = parts(plural || kind === "plural");
			take(/^\}\s*/, "a brace");
		}
		if (!choices.other) wrong("it has no “other”");
		return { name, kind, choices };
	};
	const tag = (plural: boolean): Part => {
		const name = take(/^<(\w+)/, "a tag");
		if (text.startsWith("/>", at)) {
			at += 2;
			return { name, kind: "tag", choices: {} };
		}
		take(/^>/, "the end of a tag");
		const other = parts(plural);
		take(new RegExp(`^</${name}>`), `</${name}>`);
		return { name, kind: "tag", choices: { other } };
	};
	const parts = (plural = false): Part[] => {
		const found: Part[] = [];
		while (at < text.length && text[at] !== "}" && !text.startsWith("</", at)) {
			if (text[at] === "{") {
				at++;
				found.push(argument(plural));
				take(/^\}/, "a brace");
			} else if (text[at] === "<") found.push(tag(plural));
			else if (text[at] === "#" && plural) {
				at++;
				found.push({ name: "", kind: "#", choices: {} });
			} else found.push(take(plural ? /^([^{}<#]+)/ : /^([^{}<]+)/, "a text"));
		}
		return found;
	};
	const all = parts();
	if (at < text.length) wrong("something is closed that was not opened");
	return all;
}
