// The messages of the console, as the build and the tests read them.

import { readdirSync, readFileSync } from "node:fs";

export const folder = new URL("./src/words/", import.meta.url);

/** Returns the messages of a language by their ids. */
export function messagesOf(tag) {
	const at = new URL(`${tag}/`, folder);
	const files = readdirSync(at).filter((name) => name.endsWith(".json"));
	return new Map(files.flatMap((name) => Object.entries(JSON.parse(readFileSync(new URL(name, at), "utf8")))));
}

/** Returns the file of a language as the console reads it, from its messages by their ids. What a language lacks is English. */
export function fileOf(tag, direction, messages) {
	const english = messagesOf("en");
	const texts = [...messages].map(([id, text]) => [short(english.get(id) ?? id), text]);
	return JSON.stringify({ tag, direction, messages: Object.fromEntries(texts) });
}

/** Returns the ids in a source, with where each stands. An id is a literal that begins with the name of a file of messages. */
export function idsIn(source) {
	return [
		...source.matchAll(
			/"((?:common|list|time)\.\w+|(?:events|frame|keys|organization|parts|portal|rotation|screens|webhooks)\.\w+\.\w+)"/g,
		),
	].map((found) => ({
		id: found[1] ?? "",
		from: found.index,
		to: found.index + found[0].length,
	}));
}

/** Returns a message without the spaces that only its source needs: those of arguments, which stand in an odd number of braces. */
export function short(text) {
	let depth = 0;
	return [...text]
		.filter((c) => {
			if (c === "{") depth++;
			else if (c === "}") depth--;
			return depth % 2 === 0 || c.trim() !== "";
		})
		.join("");
}
