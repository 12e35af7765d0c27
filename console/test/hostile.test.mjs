// Names that somebody chose to do harm, or that are merely long or written otherwise, on every screen in both widths; and every screen as
// those have it who force colours, want no motion, touch, or use no single keys.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, settled, signIn } from "./browser.mjs";
import { receiver, some, start, until } from "./program.mjs";
import { scene, screens } from "./scene.mjs";

const hostile = {
	markup: "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>",
	rtl: "مستودع الميناء والتركيبات",
	long: "Wintergartenstraßenbahnhaltestelle".repeat(6).slice(0, 200),
	emoji: "👩🏽‍🚒🏳️‍🌈 depot 🇩🇪",
	marks: `Z̸̡̛͓a̵͉͝l̶̰͌g̷̥̈́o̸͎̊ ${"e" + "\u0301".repeat(170)}`,
	unseen: "ad\u200bmin \u2060depot",
	path: "../../sessions?x=%2f%00#",
	quotes: "\"'`&lt;${x}{{y}}{count, plural}",
	prototype: "__proto__",
};

let service, made, browser, below, turning, told, delivery;

/** Changes a resource as the owner. */
async function change(type, id, attributes) {
	await made.owner("PATCH", `${type}/${id}`, { data: { type, id, attributes } });
}

before(async () => {
	service = await start({ url: "" }, { args: ["--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0"] });
	made = await scene(service);
	const { owner, home } = made;
	const organization = { data: { type: "organizations", id: home.id } };
	const make = async (type, attributes, relationships) =>
		(await owner("POST", type, { data: { type, attributes, relationships } })).data.id;
	below = [];
	for (const name of Object.values(hostile)) {
		below.push(await make("organizations", { name }, { parent: organization }));
		await make("apiKeys", { kind: "organization", name, scopes: ["organizations:read"] }, { organization });
		const key = `role-${below.length}`;
		await make(
			"roles",
			{ key, name: name.slice(0, 100), description: name, permissions: ["organizations:read"], rank: 1 },
			{ organization },
		);
		await make("webhooks", { name: name.slice(0, 100), url: made.well.url, eventTypes: ["organization.updated"] }, { organization });
	}
	// The service takes no name that turns around what is read. What a receiver answers it shows as it came: so deep, it is not formatted.
	const deep = "[".repeat(7000) + "]".repeat(7000);
	turning = await receiver(503, `{"error":"see \u202egnp.exe\u2069 <b>now</b>","deep":${deep}}`);
	told = await make("webhooks", { name: "Turning", url: turning.url, eventTypes: ["organization.updated"] }, { organization });
	await change("webhooks", made.billing, { name: hostile.long.slice(0, 100) });
	await change("organizations", home.id, { name: hostile.long, description: Object.values(hostile).join(" ") });
	await until("it was told of", async () => {
		const { data } = await owner("GET", `webhookDeliveries?filter[webhookId]=${told}`);
		delivery = data.find((d) => d.attributes.attempts > 0)?.id;
		return delivery;
	});
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await made?.close();
	await turning?.close();
	await service?.stop();
});

/** The screens of the scene, and those of the organizations with the other names. */
function everywhere() {
	const all = { ...screens(made), answer: `/organizations/${made.home.id}/webhooks/${told}/deliveries/${delivery}` };
	Object.keys(hostile).forEach((name, i) => {
		all[`organization: ${name}`] = `/organizations/${below[i]}`;
		all[`settings: ${name}`] = `/organizations/${below[i]}/settings`;
	});
	return all;
}

async function each(options, look, screensOf = everywhere) {
	const tab = await open(browser, service.base, options);
	await signIn(tab.page, service.base, service.people.owner.email);
	const found = [];
	for (const [name, path] of Object.entries(screensOf())) {
		await tab.page.goto(`${service.base}/console${path}`);
		await settled(tab.page);
		for (const fault of await look(tab.page, name)) found.push(`${name}: ${fault}`);
	}
	assert.deepEqual(found, []);
	await tab.close();
}

/** Returns what is wider than the window, if something is. */
function wider() {
	const { scrollWidth, clientWidth } = document.documentElement;
	if (scrollWidth <= clientWidth) return [];
	const culprits = [...document.querySelectorAll("body *")].filter((e) => {
		const { left, right, width } = e.getBoundingClientRect();
		return width > 1 && (right > clientWidth + 1 || left < -1) && !e.closest(".only-read");
	});
	return [`${scrollWidth - clientWidth} pixels too wide: ${culprits.at(-1)?.outerHTML.slice(0, 160)}`];
}

for (const width of some([1440, 420], "hostile")) {
	test(`names that do harm do none, ${width} wide`, () =>
		each({ width }, async (page) => {
			const found = await page.evaluate(() => {
				const found = [];
				if (document.title === "taken" || document.querySelector("img[src='x'], main script, bdi :not(wbr)"))
					found.push("a name runs as markup");
				const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
				while (walk.nextNode()) {
					if (walk.currentNode.parentElement.matches("textarea")) continue; // what is kept is what is edited
					if (/\p{M}{5}/u.test(walk.currentNode.data))
						found.push(`covers what is above: ${walk.currentNode.parentElement.outerHTML.slice(0, 120)}`);
					if (/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(walk.currentNode.data))
						found.push(`turns around what is read: ${walk.currentNode.parentElement.outerHTML.slice(0, 120)}`);
				}
				// What has an attribute is read by people, too.
				for (const e of document.querySelectorAll("[title], [aria-label]"))
					for (const a of ["title", "aria-label"])
						if (/[\u202a-\u202e\u2066-\u2069]/.test(e.getAttribute(a) ?? ""))
							found.push(`${a} turns around: ${e.outerHTML.slice(0, 120)}`);
				return found;
			});
			return [...found, ...(await page.evaluate(wider))];
		}));
}

test("what turns around what is read is shown as what it is", async () => {
	const tab = await open(browser, service.base);
	const { page } = tab;
	await signIn(page, service.base, service.people.owner.email, `/organizations/${made.home.id}/webhooks/${told}/deliveries/${delivery}`);
	await page
		.getByRole("region", { name: "Answer, raw" })
		.getByText(/see .*gnp\.exe/)
		.waitFor();
	const shown = await page.locator("main").innerText();
	assert.match(shown, /see ‹U\+202E›gnp\.exe/);
	assert.equal(await page.locator("main b", { hasText: /^now$/ }).count(), 0);
	await tab.close();
});

test("magnified to 400 %, names make nothing sideways", () => each({ width: 320, height: 256 }, (page) => page.evaluate(wider)));

/** Returns what can be pressed and is smaller than so many pixels. What stands in a line of text is as large as the text. */
function smaller(least) {
	const found = [];
	for (const e of document.querySelectorAll(
		"button, a[href], input, select, textarea, [role=button], [role=menuitem], [role=treeitem]",
	)) {
		if (e.closest(".only-read, .skip") || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
		let { width, height } = e.getBoundingClientRect();
		if (width === 0) continue;
		// A box is pressed by its label as well.
		if (e.matches("input[type=checkbox], input[type=radio]")) {
			const label = e.labels?.[0]?.getBoundingClientRect();
			if (label) [width, height] = [Math.max(width, label.width), Math.max(height, label.height)];
		}
		const style = getComputedStyle(e);
		const inText =
			(e.matches("a") && style.display === "inline") || (e.matches("button.link, button.copy") && e.closest("p, dd, td, .second"));
		if (!inText && (width < least || height < least))
			found.push(`${Math.round(width)} × ${Math.round(height)}: ${e.outerHTML.slice(0, 140)}`);
	}
	return found;
}

test("what is pressed is 24 pixels or more", () =>
	each(
		{ width: 1440 },
		(page) => page.evaluate(smaller, 24),
		() => screens(made),
	));

test("what is touched is 44 pixels or more", () =>
	each(
		{ width: 420, hasTouch: true, isMobile: true },
		(page) => page.evaluate(smaller, 44),
		() => screens(made),
	));

test("with forced colours the focus is seen, and states by their shape", () =>
	each({ forcedColors: "active" }, async (page) => {
		await page.keyboard.press("Tab");
		return page.evaluate(() => {
			const found = [];
			for (const e of [...document.querySelectorAll("main button, main a[href], main input")].slice(0, 12)) {
				if (!e.checkVisibility()) continue;
				e.focus({ focusVisible: true });
				if (document.activeElement !== e) continue;
				const style = getComputedStyle(e);
				if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 1)
					found.push(`no focus is seen on ${e.outerHTML.slice(0, 120)}`);
			}
			const shapes = new Map();
			for (const e of document.querySelectorAll(".state[data-is]")) {
				if (!e.checkVisibility()) continue;
				const mark = getComputedStyle(e, "::before");
				const seen =
					mark.content !== "none" &&
					(mark.forcedColorAdjust === "none" ||
						mark.borderTopStyle !== "none" ||
						mark.clipPath !== "none" ||
						mark.maskImage !== "none");
				if (!seen) found.push(`no shape: ${e.outerHTML.slice(0, 100)}`);
				shapes.set(
					e.dataset.is,
					[
						mark.borderRadius,
						mark.clipPath,
						mark.maskImage,
						mark.borderTopStyle,
						mark.rotate,
						mark.boxShadow,
						mark.backgroundColor === "rgba(0, 0, 0, 0)",
						mark.width,
						mark.height,
					].join(),
				);
			}
			if (new Set(shapes.values()).size < shapes.size) found.push(`states look alike: ${JSON.stringify([...shapes])}`);
			return found;
		});
	}));

test("who wants no motion has none", () =>
	each({ reducedMotion: "reduce" }, (page) =>
		page.evaluate(() => {
			const moving = [...document.querySelectorAll("*")].filter((e) => {
				const style = getComputedStyle(e);
				return [style.transitionDuration, style.animationDuration].some((d) => d.split(",").some((s) => parseFloat(s) > 0.01));
			});
			return moving.slice(0, 3).map((e) => e.outerHTML.slice(0, 120));
		}),
	));

test("single keys that are switched off do nothing on any screen", () => {
	let first = true;
	return each({}, async (page) => {
		if (first) {
			await page.evaluate(() => localStorage.clear());
			await page.goto(`${service.base}/console/account/preferences`);
			await page.getByLabel("Letters alone are commands").uncheck();
			first = false;
			return [];
		}
		const url = page.url();
		for (const key of ["i", "n", "m", "c", "r", "x", "?", "g", "o", "1"]) await page.keyboard.press(key);
		const open = await page.getByRole("dialog").count();
		const toast = await page.locator(".toast").count();
		return [open && "a dialog opened", toast && "something was done", page.url() !== url && `it led to ${page.url()}`].filter(Boolean);
	});
});
