/* JSON set out for reading. Only the space between its tokens changes: to parse it and to write it again would change numbers, and drop members whose
   name comes twice. */

/** What is deeper than this is not for reading, and its indentation alone would be a million times its size. */
const deepest = 64;

/** Returns a text of JSON with a line for each member; null for what is no JSON, has no member, or is too deep. */
export function setOut(text: string): string | null {
	try {
		if (typeof JSON.parse(text) !== "object") return null;
	} catch {
		return null;
	}
	const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
	let out = "";
	let depth = 0;
	for (const [i, token] of tokens.entries()) {
		const opens = /^[{[]$/.test(token);
		const closes = /^[}\]]$/.test(token);
		const empty = closes && /^[{[]$/.test(tokens[i - 1] ?? "");
		if (closes) depth--;
		if (depth > deepest) return null;
		if (closes && !empty) out += line(depth);
		out += token;
		if (opens) depth++;
		if ((opens && !/^[}\]]$/.test(tokens[i + 1] ?? "")) || token === ",") out += line(depth);
		if (token === ":") out += " ";
	}
	return out.includes("\n") ? out : null;
}

function line(depth: number): string {
	return "\n" + "  ".repeat(depth);
}
