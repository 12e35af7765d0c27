/* The texts of the console: ICU messages, in one file for each language. Of ICU it knows what a text of a screen needs: arguments, `number`,
   `plural` with `=n`, the categories of Intl and `#`, and `select`. There are no apostrophe rules: a message has no literal braces. */

import en from "./en.json";

export type MessageId = keyof typeof en;
export type Values = Record<string, string | number>;

/** A text, or an argument with what is chosen by it. */
type Part = string | { name: string; kind: "" | "number" | "plural" | "select"; choices: Map<string, Part[]> };

export interface Language {
	tag: string;
	messages: Record<string, string>;
}

const english: Language = { tag: "en", messages: en };
const parsed = new Map<string, Part[]>();

/** Returns the text of a message in a language. Values are put in as they are, numbers as the language writes them. */
export function message(id: MessageId, values: Values = {}, { tag, messages }: Language = english): string {
	const text = messages[id] ?? en[id];
	let parts = parsed.get(text);
	if (!parts) parsed.set(text, (parts = parse(text)));
	return say(parts, values, tag);
}

const numbers = new Map<string, Intl.NumberFormat>();
const plurals = new Map<string, Intl.PluralRules>();

function say(parts: Part[], values: Values, tag: string, counted?: number): string {
	const number = (n: number) => of(numbers, tag, () => new Intl.NumberFormat(tag)).format(n);
	let said = "";
	for (const part of parts) {
		if (typeof part === "string") {
			said += counted === undefined ? part : part.replaceAll("#", number(counted));
			continue;
		}
		const value = values[part.name];
		if (value === undefined) throw new Error(`a message lacks its argument ${part.name}`);
		if (part.kind === "" || part.kind === "number") said += typeof value === "number" ? number(value) : value;
		else {
			const n = part.kind === "plural" ? Number(value) : undefined;
			const names = n === undefined ? [String(value)] : [`=${n}`, of(plurals, tag, () => new Intl.PluralRules(tag)).select(n)];
			const chosen = [...names, "other"].find((name) => part.choices.has(name)) ?? "";
			said += say(part.choices.get(chosen) ?? [], values, tag, n ?? counted);
		}
	}
	return said;
}

/** Returns what is known of a language, made when it is asked for first. */
function of<T>(known: Map<string, T>, tag: string, make: () => T): T {
	const found = known.get(tag) ?? make();
	known.set(tag, found);
	return found;
}

/** Returns the parts of a message. It fails if the message is none. */
export function parse(text: string): Part[] {
	let at = 0;
	const wrong = (what: string): never => {
		throw new Error(`the message “${text}” is wrong at ${at}: ${what}`);
	};
	const word = () => {
		const found = /^\s*([\w=]+)\s*/.exec(text.slice(at));
		if (!found) return wrong("a name is expected");
		at += found[0].length;
		return found[1] ?? "";
	};
	const take = (c: string) => {
		if (text[at] !== c) wrong(`${c} is expected`);
		at++;
	};
	const argument = (): Part => {
		const name = word();
		const choices = new Map<string, Part[]>();
		if (text[at] === "}") return { name, kind: "", choices };
		take(",");
		const kind = word();
		if (kind === "number") return { name, kind, choices };
		if (kind !== "plural" && kind !== "select") return wrong("number, plural or select is expected");
		take(",");
		while (text[at] !== "}") {
			const choice = word();
			take("{");
			choices.set(choice, parts(true));
			take("}");
			at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
		}
		if (!choices.has("other")) wrong("it has no “other”");
		return { name, kind, choices };
	};
	const parts = (inside: boolean): Part[] => {
		const found: Part[] = [];
		while (at < text.length && text[at] !== "}") {
			if (text[at] === "{") {
				at++;
				found.push(argument());
				take("}");
				continue;
			}
			const end = text.slice(at).search(/[{}]/);
			found.push(text.slice(at, end < 0 ? undefined : at + end));
			at = end < 0 ? text.length : at + end;
		}
		if (!inside && at < text.length) wrong("a brace is closed that was not opened");
		return found;
	};
	return parts(false);
}
