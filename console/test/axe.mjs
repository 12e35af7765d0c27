// What axe finds on a page, and what is wider than the window.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails if axe finds something on a page as it is, or if something is wider than its window. */
export async function look(page, name) {
	await page.evaluate(axe);
	const found = await page.evaluate(async () => {
		const { violations } = await window.axe.run(document, {
			runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		});
		return violations.map(
			(v) =>
				`${v.id}: ${v.help}\n    ${v.nodes
					.slice(0, 3)
					.map((n) => `${n.html.slice(0, 160)} ${n.any[0]?.message ?? ""}`)
					.join("\n    ")}`,
		);
	});
	assert.deepEqual(found, [], name);
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the window`);
}
