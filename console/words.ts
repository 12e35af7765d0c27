// The messages of the console in a build. Where an id stands in the sources a build has the English text: it costs what the text costs, a screen
// has its own and no more, and no list of ids is sent. A file of another language, words/de.json, names each text by the English one.

import { readdirSync } from "node:fs";
import type { Plugin } from "vite";
import { fileOf, folder, idsIn, messagesOf, short } from "./messages.mjs";

/** Puts the English texts where their ids stand, and the files of other languages into words/. */
export function words(): Plugin {
	let english = new Map<string, string>();
	return {
		name: "words",
		enforce: "pre",
		buildStart() {
			english = new Map([...messagesOf("en")].map(([id, text]) => [id, short(text)]));
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
			return made === "" ? null : { code: made + code.slice(end), map: null };
		},
	};
}
