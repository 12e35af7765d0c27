// The messages as the build sees them, and a language that is made of them: longer words, from right to left.

import { readFile } from "node:fs/promises";
import ts from "typescript";
import { fileOf, folder, messagesOf } from "../messages.mjs";

/** The English messages by their ids. */
export const english = messagesOf("en");

export const { parse } = await import(
	`data:text/javascript,${encodeURIComponent(ts.transpile(await readFile(new URL("parse.ts", folder), "utf8"), { module: "esnext", target: "es2023" }))}`
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

/** The file of a language that there is in tests alone, as a build writes that of another one. */
export const pseudo = fileOf("en-XA", "rtl", new Map([...english].map(([id, text]) => [id, pretend(text)])));
