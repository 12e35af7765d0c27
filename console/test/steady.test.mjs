// Nothing moves by itself, and what somebody does is answered soon: on every screen, for whoever signs in by a password or by a key.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, settled, signIn } from "./browser.mjs";
import { some, until } from "./program.mjs";
import { prepared } from "./journey.mjs";
import { screens } from "./scene.mjs";
import { watch } from "./watch.mjs";

let service, made, browser;

prepared({ url: "" }, (all) => ({ service, made, browser } = all));

async function signInByKey(page, key) {
	await page.goto(`${service.base}/console/sign-in`);
	await page.getByRole("button", { name: "Use a management key" }).click();
	await page.getByLabel("Key").fill(key);
	await page.keyboard.press("Enter");
	await page.getByText(/You act as/).waitFor();
}

/** Holds back the answers to some requests until they are let go, so that what comes late is late. */
async function late(page, pattern) {
	let release;
	const held = new Promise((r) => (release = r));
	await page.route(pattern, async (route) => {
		await held;
		await route.continue();
	});
	return release;
}

test("the door does not move when it is known how one can sign in", async () => {
	const tab = await open(browser, service.base);
	const { shifts } = await watch(tab.page);
	const release = await late(tab.page, /signInMethods/);
	await tab.page.goto(`${service.base}/console/sign-in`);
	await tab.page.locator(".door").waitFor();
	release();
	await tab.page.getByRole("button", { name: "Use a management key" }).waitFor();
	await tab.page.getByLabel("E-mail").waitFor();
	await settled(tab.page);
	assert.deepEqual(await shifts(), []);
	await tab.close();
});

for (const width of [1440, 420]) {
	test(`the frame stands while the page in it is on its way, ${width} wide`, async () => {
		const tab = await open(browser, service.base, { width });
		const { page } = tab;
		await signIn(page, service.base, service.people.owner.email);
		const { shifts } = await watch(page);
		const releaseMe = await late(page, /public\/v2\/me$/);
		const releaseList = await late(page, /public\/v2\/(webhooks|events|memberships|organizations)/);
		await page.goto(`${service.base}/console/organizations/${made.home.id}`);
		const find = page.getByRole("button", { name: "Find or paste anything" });
		const seen = (what) => what.evaluate((e) => e.checkVisibility({ opacityProperty: true }));
		await until("the frame is seen before it is known who asks", () => seen(find));
		// Ghosts of the page: those of a first page, or its own when that takes longer than one waits.
		const ghosts = () =>
			page.evaluate(
				() =>
					getComputedStyle(document.querySelector(".main"), "::after").content !== "none" ||
					document.querySelector("main .ghost") !== null,
			);
		await until("ghosts of the page stand there", ghosts);
		releaseMe();
		releaseList();
		await page.getByRole("heading", { name: made.home.attributes.name, level: 1 }).waitFor();
		await until("the page is seen", () => seen(page.locator("main h1")));
		await settled(page);
		assert.deepEqual(await shifts(), []);
		await tab.close();
	});
}

test("the tree comes beside a page that reads nothing, as beside any other", async () => {
	const tab = await open(browser, service.base);
	const { page } = tab;
	await signIn(page, service.base, service.people.owner.email);
	await page.clock.install();
	await page.goto(`${service.base}/console/nowhere`);
	await page.clock.pauseAt(Date.now() + 1000);
	await page.getByRole("heading", { level: 1 }).waitFor();
	// The page's clock stands, but for what it is moved by here: far less than anything waits for what never comes.
	let moved = 0;
	await until("the tree is there", async () => {
		if (moved < 400) await page.clock.runFor(20);
		moved += 20;
		return (await page.getByRole("treeitem").count()) > 0;
	});
	await tab.close();
});

test("what happened is said for ten seconds, and for as long as somebody is at it", async () => {
	const tab = await open(browser, service.base, { permissions: ["clipboard-read", "clipboard-write"] });
	const { page } = tab;
	await page.clock.install();
	await signIn(page, service.base, service.people.owner.email);
	await settled(page);
	const said = () => page.locator("[role=status].only-read").last().textContent();
	await page.keyboard.press("l");
	await page.locator(".toast").waitFor();
	const first = await said();
	await page.keyboard.press("l");
	await until("the same is said again", async () => (await said()) !== first);
	await page.locator(".toast-close").focus();
	await page.clock.fastForward(30_000);
	assert.equal(await page.locator(".toast").count(), 1);
	await page.locator(".toast-close").blur();
	await page.clock.fastForward(11_000);
	await page.locator(".toast").waitFor({ state: "detached" });
	await tab.close();
});

for (const by of some(["a password", "a key"], "steady by")) {
	for (const width of some([1440, 420], "steady in")) {
		test(`nothing moves on any screen for who signs in by ${by}, ${width} wide`, async (t) => {
			const tab = await open(browser, service.base, { width });
			const { page } = tab;
			const { shifts } = await watch(page);
			if (by === "a key") await signInByKey(page, await service.managementKey(`Steady ${width}`));
			else await signIn(page, service.base, service.people.owner.email);
			await settled(page);
			const found = (await shifts()).map((s) => `signing in: ${s}`);
			for (const [name, path] of Object.entries(screens(made))) {
				await page.goto(`${service.base}/console${path}`);
				await settled(page);
				found.push(...(await shifts()).map((s) => `${name}: ${s}`));
			}
			assert.deepEqual(found, []);
			t.diagnostic(`${Object.keys(screens(made)).length} screens`);
			await tab.close();
		});
	}
}
