// The texts of the console: every one of them is a message, every message is used, and nothing in the layout knows left from right.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import ts from "typescript";
import { idsIn, short } from "../messages.mjs";
import { english, parse, pretend, takenBy } from "./words.mjs";

const src = new URL("../src/", import.meta.url);

async function files(ending) {
	const names = (await readdir(src, { recursive: true })).filter((name) => ending.test(name) && !name.endsWith("schema.d.ts"));
	return Promise.all(names.map(async (name) => ({ name, text: await readFile(new URL(name, src), "utf8") })));
}

/** What people read or hear of an element, or a part of a screen takes as its text. */
const spoken =
	/^(aria-label|aria-description|aria-roledescription|title|placeholder|alt|label|hint|intro|said|on|note|legend|what|not|name|shown|wrong)$/;

/** What is not a word of a language: names of formats and keys, and what machines read. */
const universal =
	/^(NDJSON|CSV|curl|HTTP|URL|JSON|Raw|Verify|UTC|Roster|Ctrl [KXV]|Esc|Enter|Home End|[A-Z]|list\..*|ms|#\w*|id|slug|https?:.*|invoices:approve|curl .*|-[HXd] .*|other|[a-z]+[A-Z]\w*)$/;

const letters = /\p{L}{2}/u;

const says = /^(t|rich)\("|\W(t|rich)\("/;

/** What takes texts that are none: addresses, selectors, media queries, names of keys and of classes, and how a message itself is written. */
const machines =
	/(^|\.)(url|ask|stream|fetch|querySelector(All)?|closest|matches|matchMedia|test|replace(All)?|split|setAttribute|getContext|wrong|take)$/;

/** Returns the texts in a source that are no english. */
function literals({ name, text }) {
	const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, name.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
	const found = new Set();
	const add = (node, said) => {
		const { line } = source.getLineAndCharacterOfPosition(node.getStart());
		found.add(`${name}:${line + 1}: ${said.trim().slice(0, 80)}`);
	};
	const isText = (node) => ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);
	const written = (node) =>
		ts.isTemplateExpression(node)
			? [node.head, ...node.templateSpans.map((s) => s.literal)].map((part) => part.text).join(" ")
			: node.text;
	/** Goes to what an expression may come to. */
	const outcomes = (node, sentence) => {
		if (ts.isParenthesizedExpression(node)) return outcomes(node.expression, sentence);
		if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].forEach((n) => outcomes(n, sentence));
		if (ts.isBinaryExpression(node) && /^(&&|\|\||\?\?|\+)$/.test(node.operatorToken.getText()))
			return [node.left, node.right].forEach((n) => outcomes(n, sentence));
		if (ts.isCallExpression(node) && node.expression.getText() === "String")
			return node.arguments.forEach((n) => outcomes(n, sentence));
		if (!isText(node)) return;
		const said = written(node).trim();
		if (letters.test(said) && !universal.test(said) && !idsIn(`"${said}"`).length && (sentence || /\s|^[A-Z]/.test(said)))
			add(node, said);
	};
	const isMessage = (node) =>
		ts.isConditionalExpression(node)
			? isMessage(node.whenTrue) || isMessage(node.whenFalse)
			: ts.isCallExpression(node) && /^(t|rich)$/.test(node.expression.getText());
	/** Whether a text has two words, or one beside a value: `request ${id}`. */
	const phrase = (node) => {
		const parts = ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map((s) => s.literal.text)] : [node.text];
		const between = parts.join("0");
		return /\p{L}{2,}[,:;.]? [\p{L}0]|0 \p{L}{2,}/u.test(between) && !universal.test(between.trim());
	};
	/** What browsers, the service and other programs read. */
	const forMachines = (node) => {
		for (let at = node; at.parent; at = at.parent) {
			const { parent } = at;
			if (ts.isImportDeclaration(parent) || ts.isTypeNode(parent) || ts.isRegularExpressionLiteral(parent)) return true;
			if (ts.isJsxAttribute(parent)) return !spoken.test(parent.name.getText());
			if (ts.isElementAccessExpression(parent) && parent.argumentExpression === at) return true;
			if (ts.isCallExpression(parent) && parent.arguments.includes(at) && machines.test(parent.expression.getText())) return true;
			if (
				ts.isNewExpression(parent) &&
				parent.arguments?.includes(at) &&
				/^(Error|RegExp|URL|Failure)$/.test(parent.expression.getText())
			)
				return true;
			if (ts.isVariableDeclaration(parent) && /^(statusTexts|fonts|icons)$/.test(parent.name.getText())) return true;
			if (ts.isBinaryExpression(parent) && /\.(className|style\.\w+)$/.test(parent.left.getText())) return true;
			if (ts.isStatement(parent)) return false;
		}
		return false;
	};
	const visit = (node) => {
		if (ts.isJsxText(node) && letters.test(node.text) && !universal.test(node.text.trim())) add(node, node.text);
		if (ts.isJsxExpression(node) && node.expression && !ts.isJsxAttribute(node.parent)) outcomes(node.expression, true);
		if (ts.isJsxAttribute(node) && spoken.test(node.name.getText()) && node.initializer) {
			const aria = /^(aria-|title|placeholder|alt|label)/.test(node.name.getText());
			const value = ts.isJsxExpression(node.initializer) ? node.initializer.expression : node.initializer;
			if (value) outcomes(value, aria);
		}
		if (ts.isPropertyAssignment(node) && /^(label|title|hint|intro|word|todo)$/.test(node.name.getText()))
			outcomes(node.initializer, true);
		// Whatever is a phrase, wherever it stands: in a constant, an argument, or what a function returns.
		if (isText(node) && !forMachines(node) && phrase(node)) add(node, node.getText());
		// Beside a message, or in what returns messages, even one word is a text.
		if (ts.isConditionalExpression(node) && [node.whenTrue, node.whenFalse].some(isMessage)) outcomes(node, true);
		if (ts.isBinaryExpression(node) && /^(\|\||\?\?)$/.test(node.operatorToken.getText()) && [node.left, node.right].some(isMessage))
			outcomes(node, true);
		if (ts.isFunctionLike(node) && node.type?.getText() === "string" && node.body && says.test(node.body.getText()))
			ts.forEachChild(node.body, function returned(n) {
				if (ts.isReturnStatement(n) && n.expression) outcomes(n.expression, true);
				else if (!ts.isFunctionLike(n)) ts.forEachChild(n, returned);
			});
		// Lists, numbers and times are written by src/words, as the language writes them.
		if (
			ts.isCallExpression(node) &&
			/\.join$/.test(node.expression.getText()) &&
			/^"(, | and | or )"$/.test(node.arguments[0]?.getText())
		)
			add(node, node.getText());
		if (!name.startsWith("words/") && ts.isNewExpression(node) && /^Intl\./.test(node.expression.getText())) add(node, node.getText());
		if (ts.isCallExpression(node) && /^(notify|say)$/.test(node.expression.getText()) && node.arguments[0])
			outcomes(node.arguments[0], true);
		// A sentence is one message: others are translated to another order.
		if (ts.isTemplateExpression(node) && node.templateSpans.some((s) => /\b(t|rich)\("/.test(s.expression.getText())))
			add(node, node.getText());
		if (
			ts.isBinaryExpression(node) &&
			node.operatorToken.getText() === "+" &&
			/^(t|rich)\("/m.test(`${node.left.getText()}\n${node.right.getText()}`)
		)
			add(node, node.getText());
		ts.forEachChild(node, visit);
	};
	visit(source);
	return [...found];
}

test("no text stands in a screen itself, and none is put together", async () => {
	const sources = await files(/\.tsx?$/);
	assert.ok(sources.length > 100);
	assert.deepEqual(sources.flatMap(literals), []);
});

test("the check of texts finds one in each of the places", () => {
	const at = (text) => new Set(literals({ name: "x.tsx", text }).map((found) => found.split(":")[1])).size;
	assert.equal(at(`const a = <p>Some words</p>;`), 1);
	assert.equal(at(`const a = <p>{b ? "some" : t("common.close")}</p>;`), 1);
	assert.equal(at("const a = <a aria-label={`More of ${b}`} />;"), 1);
	assert.equal(at(`notify("It is done");`), 1);
	assert.equal(at('const a = `${t("common.close")}, ${b}`;'), 1);
	assert.equal(at(`const a = t("common.close") + b;`), 1);
	assert.equal(at("const a = `request ${id}`;"), 1);
	assert.equal(at(`const names = { a: "Its own webhook" };`), 1);
	assert.equal(at(`const f = (): string => { if (b) return "always"; return t("common.close"); };`), 1);
	assert.equal(at(`const a = b ? t("common.close") : "always";`), 1);
	assert.equal(at(`const a = b.join(" and ");`), 1);
	assert.equal(at(`const a = b.join(", ");`), 1);
	assert.equal(at(`const a = new Intl.NumberFormat("en");`), 1);
	assert.equal(at('const a = url("some words", { b: `c ${d}` });'), 0);
	assert.equal(at(`const a = <p className="some words">{t("common.close")}</p>;`), 0);
});

test("every message is used, and every id is one", async () => {
	const sources = await files(/\.tsx?$/);
	const used = new Set(sources.flatMap(({ text }) => idsIn(text).map(({ id }) => id)));
	assert.deepEqual(
		[...used].filter((id) => !english.has(id)),
		[],
		"an id has no message",
	);
	assert.deepEqual(
		[...english.keys()].filter((id) => !used.has(id)),
		[],
		"a message is used nowhere",
	);
	// An id must not look like a name of the API: a build would put a text in its place.
	const schema = await readFile(new URL("api/schema.d.ts", src), "utf8");
	assert.deepEqual(
		idsIn(schema).filter(({ id }) => english.has(id)),
		[],
	);
});

test("every message is one, and a call gives what it takes", async () => {
	const wants = new Map([...english].map(([id, text]) => [id, takenBy(text)]));
	const wrong = [];
	for (const { name, text } of await files(/\.tsx?$/)) {
		const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
		const visit = (node) => {
			if (
				ts.isCallExpression(node) &&
				/^(t|rich)$/.test(node.expression.getText()) &&
				ts.isStringLiteral(node.arguments[0] ?? node)
			) {
				const properties = node.arguments[1]?.properties ?? [];
				const given = properties.filter((p) => p.name).map((p) => p.name.getText());
				// What is no object written here, or is spread into one, has the names of a value.
				const more = node.arguments[1] && (!node.arguments[1].properties || properties.some(ts.isSpreadAssignment));
				const { values, tags } = wants.get(node.arguments[0].text) ?? { values: [], tags: [] };
				for (const v of values) if (!more && !given.includes(v)) wrong.push(`${name}: ${node.arguments[0].text} lacks ${v}`);
				for (const g of given)
					if (![...values, ...tags].includes(g)) wrong.push(`${name}: ${node.arguments[0].text} does not take ${g}`);
			}
			ts.forEachChild(node, visit);
		};
		visit(source);
	}
	assert.deepEqual(wrong, []);
});

test("a language that is made of English takes the same", async () => {
	for (const [id, text] of english) {
		const other = pretend(text);
		assert.deepEqual(takenBy(other), takenBy(text), id);
		if (/\p{L}{2}/u.test(text.replace(/<[^>]*>|\{[^{}]*\}/g, "")))
			assert.ok(other.length > text.length, `${id} is no longer: ${other}`);
	}
});

test("a build shortens messages and changes none", () => {
	for (const [id, text] of english) assert.deepEqual(parse(short(text)), parse(text), id);
});

test("the layout does not know left from right", async () => {
	const physical =
		/(?:^|[\s;{])((?:margin|padding|border)-(?:left|right)(?:-[a-z]+)?|left|right)\s*:|(?:text-align|float|clear)\s*:\s*(left|right)/;
	const found = [];
	for (const { name, text } of await files(/\.css$/))
		text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
			.split("\n")
			.forEach((line, i) => physical.test(line) && found.push(`${name}:${i + 1}: ${line.trim().slice(0, 100)}`));
	assert.deepEqual(found, []);
	assert.match("a { left: 0 }", physical);
	assert.doesNotMatch("a { inset-inline-start: 0; text-align: start }", physical);
});
