// The messages of the console in a build. Where an id stands in the sources a build has the English text: it costs what the text costs, a screen
// has its own and no more, and no list of ids is sent. A file of another language, words/de.json, names each text by the English one.

import { readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";

const folder = new URL("./src/words/", import.meta.url);

/** Returns the messages of a language by their ids. */
export function messagesOf(tag: string): Map<string, string> {
	const at = new URL(`${tag}/`, folder);
	const files = readdirSync(at).filter((name) => name.endsWith(".json"));
	return new Map(files.flatMap((name) => Object.entries(JSON.parse(readFileSync(new URL(name, at), "utf8")) as Record<string, string>)));
}

/** Returns the file of a language as the console reads it, from its messages by their ids. What a language lacks is English. */
export function fileOf(tag: string, direction: "ltr" | "rtl", messages: Map<string, string>): string {
	const english = messagesOf("en");
	const texts = [...messages].map(([id, text]) => [english.get(id) ?? id, text]);
	return JSON.stringify({ tag, direction, messages: Object.fromEntries(texts) });
}

/** Returns the ids in a source, with where each stands. An id is a literal with two dots or more, or one of a list. */
export function idsIn(source: string): { id: string; from: number; to: number }[] {
	return [...source.matchAll(/"((?:list|common|events|frame|keys|organization|parts|portal|rotation|screens|webhooks)\.[\w.]+)"/g)].map(
		(found) => ({
			id: found[1] ?? "",
			from: found.index,
			to: found.index + found[0].length,
		}),
	);
}

/** Puts the English texts where their ids stand, and the files of other languages into words/. */
export function words(): Plugin {
	let english = new Map<string, string>();
	return {
		name: "words",
		enforce: "pre",
		buildStart() {
			english = messagesOf("en");
			for (const tag of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== "en")) {
				const { direction } = new Intl.Locale(tag.name).getTextInfo();
				this.emitFile({
					type: "asset",
					fileName: `words/${tag.name}.json`,
					source: fileOf(tag.name, direction, messagesOf(tag.name)),
				});
			}
		},
		transform(code, id) {
			if (!/\/console\/src\/.*\.tsx?$/.test(id)) return null;
			let made = "";
			let end = 0;
			for (const { id, from, to } of idsIn(code)) {
				const text = english.get(id);
				if (text === undefined) continue;
				const literal = JSON.stringify(text);
				made += code.slice(end, from) + (code[from - 1] === "=" ? `{${literal}}` : literal);
				end = to;
			}
			return made && { code: made + code.slice(end), map: null };
		},
	};
}
