// Every screen as people need it who do not read from left to right, whose words are longer, who magnify, or whose window is half a screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, settled, signIn } from "./browser.mjs";
import { prepared } from "./journey.mjs";
import { screens } from "./scene.mjs";
import { pseudo } from "./words.mjs";
import { some } from "./program.mjs";

let service, made, browser;

prepared({ url: "" }, (all) => ({ service, made, browser } = all));

/** Goes to every screen in a tab of the owner. */
async function each(t, options, look, prepare = async () => {}) {
	const tab = await open(browser, service.base, options);
	await signIn(tab.page, service.base, service.people.owner.email);
	await prepare(tab.page);
	for (const [name, path] of Object.entries(screens(made))) {
		await t.test(name, async () => {
			await tab.page.goto(`${service.base}/console${path}`);
			await settled(tab.page);
			await look(tab.page, name);
		});
	}
	await tab.close();
}

/** Fails if a page is wider than its window, or says what makes it so. Code is shown as it is. */
async function fits(page, name) {
	const found = await page.evaluate(() => {
		const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
		if (wide <= 0) return null;
		const { clientWidth } = document.documentElement;
		const culprits = [...document.querySelectorAll("body *")].filter((e) => {
			const { left, right, width } = e.getBoundingClientRect();
			return width > 1 && (right > clientWidth + 1 || left < -1) && !e.closest(".only-read");
		});
		return `${wide} pixels wider than the window: ${culprits
			.slice(-3)
			.map((e) => e.outerHTML.slice(0, 140))
			.join("\n")}`;
	});
	assert.equal(found, null, name);
}

/** What is no message: what the API calls a thing, and dates, which Intl writes. */
const kept =
	/^[^\p{L}]*$|^(Roster|URL|CSV|NDJSON|curl|UTC|Esc|Enter)$|^(organizations|users|memberships|roles|invitations|apiKeys|webhooks|events|files|audit)$|^\w+day /iu;

/** Fails if a heading, a column, a button or a label of a screen is English still. What somebody typed stands in a bdi. */
async function isTranslated(page, name) {
	const english = await page.locator("h2, th, .button, .field > label, .tabs a, dt").evaluateAll((all) =>
		all
			.filter((e) => e.checkVisibility() && !e.closest("bdi, .mono") && !e.querySelector("bdi, .mono"))
			.map((e) => e.innerText.trim())
			.filter((text) => text && !/[ȧḗīǿŭƞřşŧȦḖĪǾŦẋ]/.test(text)),
	);
	assert.deepEqual(
		english.filter((text) => !kept.test(text)),
		[],
		name,
	);
}

for (const width of some([1440, 420], "languages")) {
	test(`another language, of longer words from right to left, ${width} wide`, async (t) => {
		await each(
			t,
			{ width },
			async (page, name) => {
				assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
				await fits(page, name);
				await isTranslated(page, name);
				const folder = process.env.ROSTER_CONSOLE_PICTURES;
				if (folder) await page.screenshot({ path: `${folder}/rtl-${name}-${width}.png` });
			},
			async (page) => {
				await page.route("**/console/words/en-XA.json", (route) =>
					route.fulfill({ contentType: "application/json", body: pseudo }),
				);
				await page.evaluate(() => localStorage.setItem("roster.preferences", JSON.stringify({ language: "en-XA" })));
			},
		);
	});
}

/** Fails if a word in a list is broken within. What programs write without a blank, such as addresses, is broken somewhere. */
async function wholeWords(page, name) {
	await fits(page, name);
	const broken = await page.evaluate(() => {
		const found = [];
		const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
		for (let text; (text = texts.nextNode());) {
			if (!text.parentElement.closest("td, th, dd, .list-row") || text.parentElement.closest(".only-read, .mono")) continue;
			for (const word of text.data.matchAll(/[\p{L}\p{N}]+/gu)) {
				const range = document.createRange();
				range.setStart(text, word.index);
				range.setEnd(text, word.index + word[0].length);
				if (new Set([...range.getClientRects()].filter((r) => r.width).map((r) => Math.round(r.top))).size > 1)
					found.push(text.data);
			}
		}
		return found;
	});
	assert.deepEqual(broken, [], name);
}

/** Windows of half a screen and less, and one of 1280 pixels at 400 %, which has 320 of CSS. */
const windows = [
	{ width: 1024, height: 960, as: wholeWords },
	{ width: 900, height: 960, as: wholeWords },
	{ width: 768, height: 960, as: wholeWords },
	{ width: 660, height: 960, as: wholeWords },
	{ width: 320, height: 256, as: fits },
];

// Each screen is loaded in the first window, and stays as the others are made of it.
test("in no window a word is broken, or something sideways", (t) =>
	each(t, windows[0], async (page, name) => {
		for (const { width, height, as } of windows) {
			await page.setViewportSize({ width, height });
			await settled(page);
			await as(page, `${name}, ${width} wide`);
		}
		await page.setViewportSize(windows[0]);
	}));
