// What comes over the wire until the first list is there: how much, and how often one answer has to be waited for before the next is asked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, quiet, signIn } from "./browser.mjs";
import { start } from "./program.mjs";

let service, browser;

before(async () => {
	service = await start({ url: "" }, { args: ["--rate-limit", "0"] });
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await service?.stop();
});

// Scripts and styles, as they are sent.
const most = 120_000;

/** Returns the files of scripts and styles that a page had asked for when its first row was drawn, with their bytes as they were sent. */
const taken = (page) =>
	page.evaluate(() =>
		performance
			.getEntriesByType("resource")
			.filter((e) => e.startTime <= window.firstRow && /\.(js|css)$/.test(new URL(e.name).pathname))
			.map((e) => ({ name: new URL(e.name).pathname.split("/").at(-1), bytes: e.encodedBodySize })),
	);

for (const path of ["/", "/organizations", "/people"]) {
	test(`at most ${most / 1000} kB until the first list of ${path}`, async (t) => {
		const tab = await open(browser, service.base);
		await signIn(tab.page, service.base, service.people.owner.email);
		// Another page has nothing of the first in its cache.
		const page = await tab.context.newPage();
		const session = await tab.context.newCDPSession(page);
		await session.send("Network.setCacheDisabled", { cacheDisabled: true });
		await page.addInitScript(() => {
			const watch = new MutationObserver(() => {
				if (!document.querySelector("main [data-index]")) return;
				window.firstRow = performance.now();
				watch.disconnect();
			});
			watch.observe(document, { childList: true, subtree: true });
		});
		await page.goto(`${service.base}/console${path}`);
		await page.locator("main [data-index]").first().waitFor();
		const files = await taken(page);
		const sum = files.reduce((all, f) => all + f.bytes, 0);
		t.diagnostic(`${(sum / 1000).toFixed(1)} kB in ${files.length} files`);
		assert.ok(sum > 0 && sum <= most, `${sum} bytes: ${files.map((f) => `${f.name} ${f.bytes}`).join(", ")}`);
		await tab.close();
	});
}

test("the first list is at most two requests deep", async () => {
	const tab = await open(browser, service.base);
	await signIn(tab.page, service.base, service.people.owner.email);
	// Answers are held, and let go together when nothing else is asked: every time that it takes is a request deeper.
	const page = await tab.context.newPage();
	let held = [];
	await page.route("**/public/v2/**", (route) => void held.push(route));
	await page.goto(`${service.base}/console/organizations`);
	const list = page.locator("main [data-index]").first();
	const depth = [];
	for (;;) {
		await quiet(page, (request) => held.some((route) => route.request() === request));
		if (await list.isVisible()) break;
		const asked = held;
		held = [];
		if (asked.length === 0) continue;
		depth.push(asked.map((r) => decodeURIComponent(r.request().url())));
		await Promise.all(asked.map(async (r) => r.fulfill({ response: await r.fetch() })));
	}
	assert.ok(depth.length <= 2, `it took ${depth.length}:\n${depth.map((d) => d.join(" ")).join("\n")}`);
	await tab.close();
});
