// What axe finds on a page, and what is wider than the window.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What is looked for in each scheme. They differ in their colours alone, so that the second is asked for these only. */
const rules = {
	light: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	dark: ["color-contrast", "link-in-text-block"],
};

/**
 * Fails if axe finds something on a page as it is, in light or in the dark, or if something is wider than its window. seen is called in each
 * scheme. The page is in light afterwards.
 */
export async function look(page, name, seen = async () => {}) {
	await page.evaluate(axe);
	for (const scheme of ["dark", "light"]) {
		await page.emulateMedia({ colorScheme: scheme });
		const found = await page.evaluate(async (runOnly) => {
			const { violations } = await window.axe.run(document, { runOnly, resultTypes: ["violations"] });
			return violations.map(
				(v) =>
					`${v.id}: ${v.help}\n    ${v.nodes
						.slice(0, 3)
						.map((n) => `${n.html.slice(0, 160)} ${n.any[0]?.message ?? ""}`)
						.join("\n    ")}`,
			);
		}, rules[scheme]);
		assert.deepEqual(found, [], `${name}, ${scheme}`);
		await seen(scheme);
	}
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.ok(wide <= 0, `${name} is ${wide} pixels wider than the window`);
}
