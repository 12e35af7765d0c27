// Every screen, in both schemes and widths: axe finds nothing, nothing is wider than the window, and nothing goes wrong in the page.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, open, settled, signIn } from "./browser.mjs";
import { start } from "./program.mjs";
import { scene, screens } from "./scene.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let service, made, browser;

before(async () => {
	service = await start({ url: "" }, { args: ["--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0"] });
	made = await scene(service);
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await made?.close();
	await service?.stop();
});

async function look(page, name) {
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

for (const scheme of ["light", "dark"]) {
	for (const width of [1440, 420]) {
		test(`screens, ${scheme}, ${width} wide`, async (t) => {
			const tab = await open(browser, service.base, { width, scheme });
			await tab.page.goto(`${service.base}/console/sign-in`);
			await settled(tab.page);
			await look(tab.page, "sign-in");
			await signIn(tab.page, service.base, service.people.owner.email);
			for (const [name, path] of Object.entries(screens(made))) {
				await t.test(name, async () => {
					await tab.page.goto(`${service.base}/console${path}`);
					await settled(tab.page);
					await look(tab.page, name);
				});
			}
			await t.test("dialogs", async () => {
				await tab.page.goto(`${service.base}/console/organizations/${made.home.id}`);
				await settled(tab.page);
				for (const [key, title] of [
					["i", "Invite to"],
					["m", "Move"],
					["n", "New organization"],
					["?", "Keys of this page"],
					["/", "Find or paste anything"],
				]) {
					await tab.page.locator("main h1").focus();
					await tab.page.keyboard.press(key);
					await tab.page.getByRole("dialog", { name: title }).waitFor();
					await settled(tab.page);
					await look(tab.page, title);
					await tab.page.keyboard.press("Escape");
					await tab.page.getByRole("dialog").waitFor({ state: "detached" });
				}
			});
			await tab.close();
		});
	}
}
