// The messages as the build sees them, and a language that is made of them: longer words, from right to left.

import { readFile, readdir } from "node:fs/promises";
import ts from "typescript";

const folder = new URL("../src/words/en/", import.meta.url);

/** Returns the English messages by their ids. */
export async function english() {
	const names = await readdir(folder);
	const all = await Promise.all(names.map(async (name) => Object.entries(JSON.parse(await readFile(new URL(name, folder), "utf8")))));
	return new Map(all.flat());
}

const form = /"((?:common|list|time)\.\w+|(?:events|frame|keys|organization|parts|portal|rotation|screens|webhooks)\.\w+\.\w+)"/g;

/** Returns the ids in a source. */
export function idsIn(source) {
	return [...source.matchAll(form)].map(([, id]) => id);
}

const { parse } = await import(
	`data:text/javascript,${encodeURIComponent(ts.transpile(await readFile(new URL("../parse.ts", folder), "utf8"), { module: "esnext", target: "es2023" }))}`
);

/** Returns the names of the values and of the tags that a message takes. It fails if it is none. */
export function takenBy(text) {
	const values = new Set();
	const tags = new Set();
	const look = (parts) => {
		for (const part of parts) {
			if (typeof part === "string" || part.kind === "#") continue;
			(part.kind === "tag" ? tags : values).add(part.name);
			Object.values(part.choices).forEach(look);
		}
	};
	look(parse(text));
	return { values: [...values], tags: [...tags] };
}

const accents = { a: "ȧ", e: "ḗ", i: "ī", o: "ǿ", u: "ŭ", n: "ƞ", r: "ř", s: "ş", t: "ŧ", A: "Ȧ", E: "Ḗ", I: "Ī", O: "Ǿ", T: "Ŧ" };

/** Returns a message two fifths longer, with accents by which one sees that it was looked up. Values and tags stay. */
export function pretend(text) {
	const write = (parts) =>
		parts
			.map((part) => {
				if (typeof part === "string") return longer(part);
				const { name, kind, choices } = part;
				if (kind === "#") return "#";
				if (kind === "tag") return choices.other ? `<${name}>${write(choices.other)}</${name}>` : `<${name}/>`;
				if (kind === "") return `{${name}}`;
				if (kind === "number") return `{${name}, number}`;
				const all = Object.entries(choices).map(([choice, inside]) => `${choice} {${write(inside)}}`);
				return `{${name}, ${kind}, ${all.join(" ")}}`;
			})
			.join("");
	return write(parse(text));
}

/** Returns a text with accents, and as much longer. What has no letters stays. */
function longer(text) {
	if (!/\p{L}{2}/u.test(text)) return text;
	const end = /\s*$/.exec(text)[0];
	const words = text.trimEnd().replace(/[aeiounrstAEIOT]/g, (c) => accents[c]);
	return `${words} ${"ẋŧřȧ ".repeat(Math.ceil((text.length * 0.4) / 5)).trim()}${end}`;
}

/** Returns the file of the language that there is in tests alone, as a build writes the file of another one. */
export async function pseudo(tag = "en-XA") {
	const texts = [...(await english()).values()].map((text) => [text, pretend(text)]);
	return JSON.stringify({ tag, direction: "rtl", messages: Object.fromEntries(texts) });
}
