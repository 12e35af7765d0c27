// Who may do what: for every caller, what the console shows of each action on each screen is what the API answers whoever takes it. There is
// one table of screens and actions, and one rule: what is permitted can be pressed; what is refused stands there with the reason, or the page
// says what it takes to see it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, open, settled, signIn } from "./browser.mjs";
import { callers, place } from "./callers/scene.mjs";
import { portal, screens } from "./callers/table.mjs";
import { databases, some, start } from "./program.mjs";

/** What is written to the browser's console when the API refuses, which is what is asked for here. */
const expected = [400, 401, 403, 404, 409, 412, 415, 422];

/** Sends what an action sends, with the credential of the page, as the page would. Returns whether it is permitted. */
async function permitted(page, [method, path, body]) {
	const { status, text } = await page.evaluate(
		async ({ method, path, body }) => {
			const type = "application/vnd.api+json";
			const picture = body?.png && Uint8Array.from(atob(body.png), (c) => c.charCodeAt(0));
			const response = await fetch(`/public/v2/${path}`, {
				method,
				headers: {
					...(location.pathname.includes("/portal/") ? { "roster-session": "portal" } : {}),
					accept: type,
					...(body ? { "content-type": picture ? "image/png" : type } : {}),
				},
				body: picture ?? (body && JSON.stringify(body)),
			});
			return { status: response.status, text: await response.text() };
		},
		{ method, path, body },
	);
	if (status < 300 || status === 409)
		return { may: true, text: `${status}`, made: status === 201 && method === "POST" && JSON.parse(text).data };
	if (status === 403 || status === 404)
		return { may: false, unseen: status === 404, text: `${status} ${JSON.parse(text).errors?.[0]?.detail}` };
	return { may: null, text: `${status} ${text}` };
}

const starts = (name) => (name instanceof RegExp ? name : new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}( ?:|$)`));

/** Opens a menu, if it is there, and returns how each of its entries stands. */
async function entries(page, wait, name) {
	const opener = page.getByRole("button", { name, exact: typeof name === "string" });
	if ((await opener.count()) === 0) return [];
	await opener.first().click();
	const menu = page.getByRole("menu");
	await menu.waitFor();
	await wait();
	const found = await menu.getByRole("menuitem").all();
	const all = await Promise.all(found.map(async (entry) => ({ text: await entry.textContent(), state: await pressable(entry) })));
	await page.keyboard.press("Escape");
	await menu.waitFor({ state: "detached" });
	return all;
}

/**
 * Returns how an action stands on the page: "there", "absent", or the reason why it cannot be taken. menus are those of the page that were
 * opened already.
 */
async function shown(page, wait, control, menus) {
	const main = page.locator("body");
	if (control.label) {
		const field = main.getByLabel(control.label, { exact: true });
		if ((await field.count()) === 0) return "absent";
		if (await field.first().isEnabled()) return "there";
		const said = await field.first().evaluate((f) => {
			const by = f.getAttribute("aria-describedby");
			return [by && document.getElementById(by)?.textContent, document.querySelector("main .notice")?.textContent].join(" ");
		});
		return said.match(/It takes[^.]*|An endpoint[^.]*/)?.[0] ?? "";
	}
	if (control.menu) {
		if (!menus.has(control.menu)) menus.set(control.menu, await entries(page, wait, control.menu));
		return menus.get(control.menu).find((entry) => entry.text.includes(control.name))?.state ?? "absent";
	}
	const found = main.getByRole(control.role, { name: starts(control.name) });
	return (await found.count()) === 0 ? "absent" : pressable(found.first());
}

const pressable = async (element) =>
	(await element.getAttribute("aria-disabled")) === "true" ? ((await element.getAttribute("title")) ?? "") : "there";

/** Returns what is wrong with how an action stands, if something is. */
function fault(state, { may, unseen }, { withheld, hides }) {
	if (may === null) return "is neither done nor refused";
	if (may) return state === "there" ? null : `is permitted, and ${state === "absent" ? "not there" : `cannot be taken: ${state}`}`;
	if (state === "there") return "is offered, and refused";
	if (state === "absent") return withheld || hides || unseen ? null : "is refused, and not there to say so";
	return state.length > 10 ? null : `cannot be taken, without a reason: ${state}`;
}

/** Compares each action of some screens with what the API says, and returns what does not agree. */
async function compare({ page, wait, table, s: place, me, base, organizations, holds }) {
	const { fresh, kept, clear } = place.maker();
	const s = { ...place, fresh };
	const faults = [];
	let tried = 0;
	for (const [name, screen] of Object.entries(table)) {
		await page.goto(`${base}${screen.at(s)}`);
		await page.locator("main h1, main .empty").first().waitFor();
		await wait();
		// The export comes after the list; a picture of its button is there before.
		await page.waitForFunction(() => !document.querySelector("span.button[aria-hidden=true]"));
		const body = (await page.locator("main").innerText()).replace(/\s+/g, " ");
		const withheld = /You may not see|Nothing here|Only people have this|It takes \S+ (at|in)/.test(body);
		if (screen.needs && holds) {
			const told = body.includes(`It takes ${screen.needs} at`);
			if (told === holds(screen.needs))
				faults.push(`${name}: ${screen.needs} is ${told ? "" : "not "}held, and the page says otherwise`);
		}
		if (/You may not see any/.test(body) && (await page.locator("main").getByRole("group", { name: "Filters" }).count()) > 0)
			faults.push(`${name}: there are filters of what is not shown`);
		const states = [];
		const menus = new Map();
		for (const action of screen.actions) states.push(await shown(page, wait, action.control, menus));
		for (const [i, action] of screen.actions.entries()) {
			const [method, path, sent] = await action.ask(s, me);
			const answered =
				screen.people && me.type !== "users"
					? { may: false, text: "no person" }
					: await permitted(page, [method, path.replace("{O}", organizations), sent]);
			const wrong = fault(states[i], answered, { withheld, hides: screen.hides });
			tried++;
			if (answered.made?.id) kept(answered.made.type, answered.made);
			await clear();
			if (wrong)
				faults.push(
					`${name}: ${action.control.menu ? `${action.control.menu} › ` : ""}${action.control.name ?? action.control.label} ${wrong} (${answered.text})`,
				);
		}
	}
	return { faults, tried };
}

for (const database of some(databases, "callers")) {
	describe(`callers on ${database.name}`, { concurrency: 3 }, () => {
		let service, s, browser;

		before(async () => {
			service = await start(database, { args: ["--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0"] });
			s = await place(service);
			browser = await launch();
		});

		after(async () => {
			await browser?.close();
			await s?.close();
			await service?.stop();
		});

		for (const name of some(callers, "the callers", 3)) {
			test(`${name}: what is shown is what is permitted`, async (t) => {
				const { key, email } = s.signIns[name];
				const tab = await open(browser, service.base, { expected });
				const { page } = tab;
				const wait = () => settled(page);
				if (email) await signIn(page, service.base, email);
				else {
					await page.goto(`${service.base}/console/sign-in`);
					await page.getByRole("button", { name: "Use a management key" }).click();
					await page.getByLabel("Key").fill(key);
					await page.keyboard.press("Enter");
					await page.locator(".frame h1").first().waitFor();
				}
				await wait();
				const ask = (path) => page.evaluate(async (path) => (await fetch(`/public/v2/${path}`)).json(), path);
				const { data: me, meta } = await ask(`me?filter[organizationId]=${s.home.id}`);
				if (me.type === "users") {
					const own = await page.evaluate(async () => {
						const type = "application/vnd.api+json";
						const data = { type: "apiKeys", attributes: { kind: "user", name: "Own", scopes: ["organizations:read"] } };
						return (
							await fetch("/public/v2/apiKeys", {
								method: "POST",
								headers: { "content-type": type },
								body: JSON.stringify({ data }),
							})
						).json();
					});
					me.ownKey = own.data.id;
				}
				const organizations =
					me.type === "apiKeys" && me.attributes.kind === "management" ? "management/organizations" : "organizations";
				const held = meta.permissions[s.home.id];
				const holds = (word) => ["*", word, word.replace(/read$/, "write")].some((w) => held.includes(w));
				const base = `${service.base}/console`;
				const { faults, tried } = await compare({ page, wait, table: screens, s, me, base, organizations, holds });
				t.diagnostic(`${tried} actions`);
				assert.deepEqual(faults, []);
				await tab.close();
			});
		}

		for (const words of some([["webhooks:write"], ["webhooks:read"], ["webhookDeliveries:write", "webhooks:read"]], "the portals")) {
			test(`a portal with ${words}: what is shown is what is permitted`, async (t) => {
				const tab = await open(browser, service.base, { expected });
				const { page } = tab;
				const wait = () => settled(page);
				const url = new URL(await s.link(words));
				await page.goto(url.href);
				await page.locator("main h1").first().waitFor();
				const { faults, tried } = await compare({
					page,
					wait,
					table: portal,
					s,
					me: {},
					base: `${url.origin}${url.pathname}`,
					organizations: "organizations",
				});
				t.diagnostic(`${tried} actions`);
				assert.deepEqual(faults, []);
				await tab.close();
			});
		}
	});
}
