// Debian's Chromium, and pages of which every mishap fails the test: what the Content-Security-Policy stops, what is written to the console
// as an error, what throws, and every request that leaves the service.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { password, until } from "./program.mjs";

// The one without windows comes first: a whole Chromium makes a window with pages of its own for each context, which takes five times as long.
const windowed = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
const paths = [process.env.ROSTER_CONSOLE_BROWSER, "/usr/bin/chromium-headless-shell", ...windowed];

/** Starts a browser; windows is for what only a whole one shows, such as its page in the place of one that it does not embed. */
export function launch({ windows = false } = {}) {
	const executablePath = (windows ? windowed : paths).find((file) => file && existsSync(file));
	return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-quic", "--disable-component-update"] });
}

/** Opens a page in a context of its own. expected are statuses of answers that the browser may write about in its console. */
export async function open(browser, base, { width = 1440, height = 960, scheme = "light", expected = [401, 404], ...options } = {}) {
	const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce", ...options });
	context.on("page", asks);
	const page = await context.newPage();
	const mishaps = [];
	await page.exposeFunction("tellMishap", (text) => mishaps.push(text));
	await page.addInitScript(() => {
		document.addEventListener("securitypolicyviolation", (e) =>
			window.tellMishap(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`),
		);
	});
	page.on("pageerror", (e) => mishaps.push(`thrown: ${e.stack ?? e}`));
	page.on("console", (m) => {
		if (m.type() !== "error") return;
		const status = Number(/status of (\d+)/.exec(m.text())?.[1]);
		if (!expected.includes(status) && !expected.some((e) => typeof e === "string" && m.text().includes(e)))
			mishaps.push(`console: ${m.text()} ${m.location().url}`);
	});
	page.on("request", (r) => {
		if (!r.url().startsWith(base) && !r.url().startsWith("blob:") && !r.url().startsWith("about:"))
			mishaps.push(`elsewhere: ${r.url()}`);
	});
	return {
		page,
		context,
		mishaps,
		/** Closes the page; nothing may have gone wrong in it. */
		async close() {
			await context.close();
			assert.deepEqual(mishaps, []);
		},
	};
}

/** Signs in by the door, and waits for the page behind it. */
export async function signIn(page, base, email, to = "/") {
	await page.goto(`${base}/console/sign-in?to=${encodeURIComponent(to)}`);
	await page.getByLabel("E-mail").fill(email);
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.locator(".frame h1").first().waitFor();
}

/** What a page is asking for, and since when that is so. */
const asking = new WeakMap();

function asks(page) {
	if (asking.has(page)) return asking.get(page);
	const now = { running: new Set(), since: Date.now() };
	const change = (act) => (request) => {
		now.running[act](request);
		now.since = Date.now();
	};
	page.on("request", change("add"));
	page.on("requestfinished", change("delete"));
	page.on("requestfailed", change("delete"));
	asking.set(page, now);
	return now;
}

/**
 * Waits until a page asks for nothing, but for what is held, and its browser has nothing left to do, so that no answer is about to be drawn or to be
 * followed by another request.
 */
export function quiet(page, held = () => false) {
	const now = asks(page);
	const rest = 80; // milliseconds in which an answer that is drawn leads to the next request
	const still = (since) => Date.now() - Math.max(since, now.since) > rest && [...now.running].every(held);
	// An open menu follows its button in every frame: then there is no idle time.
	const idle = () =>
		page.evaluate(() => new Promise((done) => requestIdleCallback(() => done(true), { timeout: 200 }))).catch(() => false); // it went elsewhere
	let idled = Infinity;
	return until("the page is quiet", async () => {
		if (still(idled)) return true;
		if (idled < now.since || idled === Infinity) idled = still(0) && (await idle()) ? Date.now() : Infinity;
		return false;
	});
}

/** Waits until the page shows what it has read, and the tree beside it. */
export async function settled(page) {
	do {
		await page.locator("#console > *").first().waitFor({ state: "attached" });
		await quiet(page);
		await page.locator(".ghost, .side-scroll:empty").first().waitFor({ state: "detached" });
	} while (Date.now() - asks(page).since < 80);
}

/** Moves the focus to something by the Tab key, as somebody without a mouse does. */
export async function tabTo(page, what) {
	await what.waitFor();
	for (let i = 0; i < 150; i++) {
		if (await what.evaluate((e) => e === document.activeElement)) return;
		await page.keyboard.press("Tab");
	}
	assert.fail(`150 times Tab do not lead to ${what}`);
}
