/* The form of a message. It is apart from the language of a page, so that tests read messages as the console does. */

/** A text, an argument with what is chosen by it, or a tag with what it is around. */
export type Part = string | { name: string; kind: string; choices: Record<string, Part[]> };

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
