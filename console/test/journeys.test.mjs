// What people come for, against the real program on each database.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, settled } from "./browser.mjs";
import { databases, password, session, some, until } from "./program.mjs";
import { journeys } from "./journey.mjs";

/** What a browser writes about a service that is away. */
const away = [401, 404, "ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "dynamically imported module"];

for (const database of some(databases, "journeys")) {
	describe(`on ${database.name}`, () => {
		let service, made, browser;

		const journey = journeys(database, (all) => ({ service, made, browser } = all));

		test("the root leads to the door, and the door to where one wanted to go", async () => {
			const tab = await open(browser, service.base);
			const { page } = tab;
			await page.goto(service.base);
			await page.waitForURL(/\/console\/sign-in/);
			await page.goto(`${service.base}/console/events?since=7d`);
			await page.waitForURL(/sign-in\?to=/);
			await page.getByLabel("E-mail").fill(service.people.owner.email);
			await page.getByLabel("Password").fill("wrong");
			await page.keyboard.press("Enter");
			await page.getByText("E-mail or password is wrong.").waitFor();
			assert.equal(await page.getByLabel("Password").getAttribute("aria-invalid"), "true");
			await page.getByLabel("Password").fill(password);
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { name: "Events", level: 1 }).waitFor();
			assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/console/events?since=7d");
			for (const elsewhere of ["https://example.com/", "//example.com/", "/\\example.com"]) {
				await page.goto(`${service.base}/console/sign-in?to=${encodeURIComponent(elsewhere)}`);
				await page.getByLabel("E-mail").fill(service.people.owner.email);
				await page.getByLabel("Password").fill(password);
				await page.keyboard.press("Enter");
				await page.locator(".frame h1").first().waitFor();
				assert.ok(page.url().startsWith(`${service.base}/console/`), page.url());
			}
			const kept = await page.evaluate(
				() => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + document.cookie,
			);
			assert.ok(!kept.includes(password) && !kept.includes("roster_"), `the browser keeps ${kept}`);
			await tab.close();
		});

		test("a management key opens the whole tree, and the browser does not keep it", async () => {
			const tab = await open(browser, service.base);
			const { page } = tab;
			const key = await service.managementKey("Console");
			await page.goto(`${service.base}/console/sign-in`);
			await page.getByRole("button", { name: "Use a management key" }).click();
			await page.getByLabel("Key").fill("roster_m_wrong");
			await page.keyboard.press("Enter");
			await page.getByText("That is no key that works.").waitFor();
			await page.getByLabel("Key").fill(key);
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { name: "Organizations", level: 1 }).waitFor();
			await page.getByRole("button", { name: /Account of.*Console/ }).waitFor();
			await page.getByRole("treeitem").nth(3).waitFor();
			const kept = await page.evaluate(
				() => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + document.cookie,
			);
			assert.ok(!kept.includes(key.slice(-20)) && !page.url().includes(key.slice(-20)), "the browser keeps the key");
			await tab.close();
		});

		journey(
			"from the badge of failing endpoints to a message that is sent again, in four clicks",
			() => "/organizations",
			async (page) => {
				await page.getByRole("link", { name: /Deliveries.*failing/ }).click();
				await page
					.getByRole("link", { name: "Look" })
					.and(page.locator(`[href$="${made.billing}"]`))
					.click();
				await page.getByRole("link", { name: /organization\.updated/ }).click();
				await page.getByText("503 Service Unavailable").first().waitFor();
				await page.getByText("upstream database is restarting").first().waitFor();
				made.bad.state.status = 204;
				const before = made.bad.state.got;
				await page.getByRole("button", { name: "Send again" }).click();
				await until("it came again", () => made.bad.state.got > before);
				made.bad.state.status = 503;
				await page.locator(".notice[data-is=ok]").getByText("204").waitFor();
			},
		);

		journey(
			"the request of an attempt is shown to the last byte, and can be verified",
			() => `/organizations/${made.home.id}/webhooks/${made.audit}`,
			async (page) => {
				await page.getByRole("link", { name: /organization\.updated/ }).click();
				const formatted = page.getByRole("region", { name: "Request, formatted" });
				await formatted.getByText("webhook-signature:").waitFor();
				const read = await formatted.textContent();
				assert.match(read, /^ {2}"type": "organization\.updated",$/m);
				assert.match(read, /Harbour depot and its fitters/);
				const card = page.locator("section.card").filter({ has: page.getByRole("heading", { name: "Request" }) });
				await card.getByText("The body is formatted for reading.").waitFor();
				await card.getByRole("button", { name: "Show the exact bytes" }).click();
				const raw = await page.getByRole("region", { name: "Request, raw" }).textContent();
				const body = raw.slice(raw.indexOf("\n\n") + 2);
				assert.equal(Buffer.byteLength(body), Number(/content-length: (\d+)/.exec(raw)[1]));
				assert.deepEqual(JSON.parse(body), JSON.parse(read.slice(read.indexOf("\n\n"))));
				await page.getByRole("button", { name: "Verify" }).click();
				const signed = await page.getByRole("region", { name: "What was signed" }).textContent();
				assert.match(signed, /^[0-9a-f-]{36}\.\d+\.\{/);
				assert.ok(signed.endsWith(body));
			},
		);

		journey(
			"from a request id to what it changed, in one paste",
			() => "/people",
			async (page) => {
				await page.keyboard.press("Control+k");
				await page.getByRole("combobox").fill(made.requestId);
				await page.getByRole("option", { name: /organization\.updated/ }).waitFor();
				await page.keyboard.press("Enter");
				await page
					.getByRole("row", { name: /description/ })
					.getByText("Harbour depot and its fitters")
					.waitFor();
			},
		);

		journey(
			"a pasted key sends its public part and nothing else",
			() => "/organizations",
			async (page) => {
				const asked = [];
				page.on("request", (r) => asked.push(decodeURIComponent(r.url()) + (r.postData() ?? "")));
				await page.keyboard.press("/");
				await page.getByRole("dialog").getByRole("combobox").fill("roster_o_AbCdEf123456_averyverysecretpartofthekey0123456789");
				await page.getByRole("option", { name: "Find this key" }).click();
				await page.getByText("None that you may see has this key id").waitFor();
				assert.ok(asked.some((a) => a.includes("filter[keyId]=AbCdEf123456")));
				await page.keyboard.press("/");
				const box = page.getByRole("dialog").getByRole("combobox");
				await box.fill('Authorization: Bearer "roster_m_AbCdEf123456_averyverysecretpartofthekey0123456789"');
				await page.getByRole("option", { name: "Find this key" }).waitFor();
				await box.fill("https://elsewhere.example/invitations#token=roster_i_averyverysecretpartofthelink");
				await page.getByText("Only its public part").waitFor({ state: "detached" });
				await box.fill("nothing of this");
				await until("the last text was asked for", async () => asked.some((a) => a.includes("nothing of this")));
				assert.deepEqual(
					asked.filter((a) => a.includes("secretpart")),
					[],
				);
			},
		);

		journey(
			"the tree is walked by keys alone",
			() => "/organizations",
			async (page) => {
				const tree = page.getByRole("tree");
				const head = tree.getByRole("treeitem", { name: new RegExp(made.head.attributes.name) });
				await head.focus();
				await page.keyboard.press("ArrowRight");
				await tree.locator("[aria-level='2']:not([data-stands])").first().waitFor();
				assert.equal(await head.getAttribute("aria-expanded"), "true");
				const focused = page.locator("[role=treeitem]:focus");
				const at = () => page.evaluate(() => document.activeElement?.querySelector(".name")?.textContent ?? "");
				await page.keyboard.type(made.home.attributes.name[0]);
				await until("the focus is at another of that letter", async () => ![made.head.attributes.name, ""].includes(await at()));
				const typed = await at();
				assert.equal(typed[0], made.home.attributes.name[0]);
				await page.keyboard.press("ArrowUp");
				await until("the focus is at the one before", async () => ![typed, ""].includes(await at()));
				assert.ok(await focused.getAttribute("aria-posinset"));
				const name = await at();
				await page.keyboard.press("Enter");
				await page.getByRole("heading", { name, level: 1 }).waitFor();
				await until("the focus is at the heading", () => page.evaluate(() => document.activeElement?.tagName === "H1"));
			},
		);

		journey(
			"choosing another organization keeps the tab, and the way to it is open",
			() => `/organizations/${made.below.id}/people`,
			async (page) => {
				await page.locator(".tree-row[aria-selected=true]").getByText(made.below.attributes.name).waitFor();
				await page.getByRole("treeitem", { name: new RegExp(made.home.attributes.name) }).click();
				await page.waitForURL(`**/organizations/${made.home.id}/people`);
				const path = page.getByRole("navigation", { name: "Path" }).getByRole("listitem");
				const way = [made.head.attributes.name, made.home.attributes.name];
				await until("the way to it is shown", async () => (await path.allTextContents()).join() === way.join());
			},
		);

		journey(
			"why somebody may do something here",
			() => `/organizations/${made.below.id}/people`,
			async (page) => {
				await page
					.getByRole("button", { name: /Actions for/ })
					.first()
					.waitFor();
				const row = page.getByRole("row").filter({ hasText: service.people.owner.email });
				await row.getByText("Owner").waitFor();
				assert.equal(await row.locator(".held").first().getAttribute("data-from"), "above");
				await row.getByRole("button", { name: /Actions for/ }).click();
				await page.getByRole("menuitem", { name: "Why can they?" }).click();
				const why = page.getByRole("complementary", { name: "Why can they?" });
				await why.getByText("Yes.").waitFor();
				await why.getByLabel("Permission").fill("webhooks:write");
				await why.getByText(`Owner at ${made.head.attributes.name} holds it, and that role is passed down.`).waitFor();
				assert.equal(await why.locator(".spine > li[data-gives]").count(), 1);
			},
		);

		journey(
			"a branch is moved, and who loses by it is named before",
			() => `/organizations/${made.below.id}`,
			async (page) => {
				await page.getByRole("button", { name: "Move" }).click();
				const dialog = page.getByRole("dialog");
				await dialog.getByRole("combobox", { name: "Where to" }).fill(made.head.attributes.name);
				await dialog.getByRole("option", { name: made.head.attributes.name }).first().click();
				const loses = dialog.getByRole("heading", { name: /(person loses|people lose) something/ });
				await loses.waitFor();
				const total = Number((await loses.textContent()).match(/^\d+/)[0]);
				assert.ok(total > 0);
				await dialog.locator("[data-is=lose] li").getByText("Administrator").first().waitFor();
				await dialog.getByText(/endpoints no longer hear of it/).waitFor();
				await dialog.getByRole("button", { name: `Move, and take access from ${total}` }).click();
				await dialog.waitFor({ state: "detached" });
				const path = page.getByRole("navigation", { name: "Path" }).getByRole("listitem");
				await until("the way is the new one", async () => (await path.count()) === 2);
				assert.deepEqual(await path.allTextContents(), [made.head.attributes.name, made.below.attributes.name]);
				await made.owner("PATCH", `organizations/${made.below.id}/relationships/parent`, {
					data: { type: "organizations", id: made.home.id },
				});
			},
		);

		journey(
			"two people change one thing, and neither loses it",
			() => `/organizations/${made.below.id}/settings`,
			async (page) => {
				const other = await session(service.base, service.people.owner.email);
				const patch = (attributes) =>
					other("PATCH", `organizations/${made.below.id}`, { data: { type: "organizations", id: made.below.id, attributes } });
				await page.getByLabel("Description").fill("Mine");
				await page.getByLabel("Name", { exact: true }).fill("Renamed here");
				await patch({ description: "Theirs" });
				await page.getByRole("button", { name: "Save 2 changes" }).click();
				const dialog = page.getByRole("dialog", { name: "Somebody else has changed it" });
				await dialog.getByLabel(/theirs Theirs/).check();
				await dialog.getByRole("button", { name: "Save 1 of yours" }).click();
				await page.getByRole("heading", { name: "Renamed here", level: 1 }).waitFor();
				const { data } = await other("GET", `organizations/${made.below.id}`);
				assert.deepEqual([data.attributes.name, data.attributes.description], ["Renamed here", "Theirs"]);
				await page.getByRole("treeitem", { name: /Renamed here/ }).waitFor();
				await page.getByRole("button", { name: "Undo" }).click();
				await page.getByRole("heading", { name: made.below.attributes.name, level: 1 }).waitFor();
			},
			{ expected: [401, 404, 412] },
		);

		journey(
			"a session that ends asks for the password over the page, and what was typed stays",
			() => `/organizations/${made.home.id}/settings`,
			async (page, { context }) => {
				await page.getByRole("textbox", { name: "Slug" }).fill("typed-before");
				await context.clearCookies();
				await page.getByRole("button", { name: "Save 1 change" }).click();
				const dialog = page.getByRole("dialog", { name: "Your session has ended" });
				await dialog.getByLabel("Password").fill(password);
				await page.keyboard.press("Enter");
				await dialog.waitFor({ state: "detached" });
				assert.equal(await page.getByRole("textbox", { name: "Slug" }).inputValue(), "typed-before");
				await page.getByText("Nothing was done: your session had ended.").waitFor();
			},
		);

		journey(
			"who signs in in another window is who this one is for",
			() => `/organizations/${made.home.id}/settings`,
			async (page, { context }) => {
				await page.getByRole("button", { name: new RegExp(service.people.owner.email) }).waitFor();
				const other = await context.newPage();
				await other.goto(`${service.base}/console/`);
				await other.getByRole("button", { name: new RegExp(service.people.owner.email) }).click();
				await other.getByRole("menuitem", { name: "Sign out" }).click();
				await other.getByLabel("E-mail").fill(service.people.viewer.email);
				await other.getByLabel("Password").fill(password);
				await other.keyboard.press("Enter");
				await other.getByRole("button", { name: new RegExp(service.people.viewer.email) }).waitFor();
				await page.getByRole("button", { name: new RegExp(service.people.viewer.email) }).waitFor();
				assert.ok(!page.url().includes(made.home.id), page.url());
			},
		);

		journey(
			"a viewer is shown what they may see, and why the rest cannot be done",
			() => "/organizations",
			async (page) => {
				await page.getByRole("treeitem").first().click();
				await page.getByRole("link", { name: "People", exact: false }).nth(1).waitFor();
				const tabs = await page.locator("nav.tabs a").allTextContents();
				assert.ok(!tabs.some((t) => t.startsWith("Keys") || t.startsWith("Webhooks")), `a viewer has the tabs ${tabs}`);
				const invite = page.getByRole("button", { name: /^Invite/ });
				assert.equal(await invite.getAttribute("aria-disabled"), "true");
				assert.match(await invite.textContent(), /It takes invitations:write here/);
			},
			{ as: "viewer", expected: [401, 403, 404] },
		);

		journey(
			"hostile names are text",
			() => "/organizations",
			async (page) => {
				const other = await session(service.base, service.people.owner.email);
				for (const name of [`<img src=x onerror=alert(1)>`, "👩‍👩‍👧".repeat(20), "x".repeat(200), "شركة الطاقة"]) {
					const { data } = await other("POST", "organizations", {
						data: {
							type: "organizations",
							attributes: { name },
							relationships: { parent: { data: { type: "organizations", id: made.home.id } } },
						},
					});
					await page.goto(`${service.base}/console/organizations/${data.id}`);
					await settled(page);
					const shown = await page.locator("h1").textContent();
					assert.equal(shown, name);
					const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
					assert.ok(wide <= 0, `${wide} pixels wider than the window`);
					assert.equal(await page.locator("main img").count(), 0);
					await other("DELETE", `organizations/${data.id}`);
				}
			},
			{ width: 420 },
		);

		journey(
			"on a phone the deliveries of an endpoint stand above its settings, first those that did not arrive",
			() => `/organizations/${made.home.id}`,
			async (page) => {
				const attributes = { name: "Tried once", url: made.well.url, subtree: true, schedule: ["0s"] };
				const relationships = { organization: { data: { type: "organizations", id: made.home.id } } };
				const endpoint = (await made.owner("POST", "webhooks", { data: { type: "webhooks", attributes, relationships } })).data.id;
				const count = async (state) =>
					(await made.owner("GET", `webhookDeliveries?filter[webhookId]=${endpoint}&filter[state]=${state}&page[size]=200`)).data
						.length;
				made.well.state.status = 500;
				await made.owner("POST", `webhooks/${endpoint}/test`);
				await until("it did not arrive", async () => (await count("failed")) > 0);
				made.well.state.status = 200;
				const { below } = made;
				const change = (description) =>
					made.owner("PATCH", `organizations/${below.id}`, {
						data: { type: "organizations", id: below.id, attributes: { description } },
					});
				// One that did not arrive stays in front also when more than are read at once have come after it.
				for (let i = 0; i < 60; i++) await change(`Changed ${i} times`);
				await until("they arrived", async () => (await count("succeeded")) >= 60);
				await page.goto(`${service.base}/console/organizations/${made.home.id}/webhooks/${endpoint}`);
				await settled(page);
				const rows = page.locator(".list-row");
				assert.equal(await rows.count(), 8);
				assert.match(await rows.first().textContent(), /500/);
				const top = async (what) => (await what.boundingBox()).y;
				assert.ok((await top(rows.last())) < (await top(page.getByRole("heading", { name: "How it does" }))));
				assert.ok((await top(page.getByRole("button", { name: "Send a test" }))) < (await top(rows.first())));
				await page.getByRole("button", { name: "Show all" }).click();
				await until("all are there", async () => (await rows.count()) > 8);
				await made.owner("DELETE", `webhooks/${endpoint}`);
			},
			{ width: 420 },
		);

		journey(
			"a service that stops is told of, and what was loaded stays",
			() => `/organizations/${made.home.id}/people`,
			async (page) => {
				await page.getByRole("row").filter({ hasText: "Administrator" }).first().waitFor();
				const { base } = service;
				await service.end();
				await page.getByRole("link", { name: "Roles" }).click();
				await page.getByText("The service does not answer").waitFor({ timeout: 60_000 });
				await service.begin();
				assert.equal(service.base, base);
				// It is asked again by itself, and so is a part of the program that was not there yet.
				await page.getByRole("heading", { name: "Owner" }).waitFor({ timeout: 90_000 });
			},
			{ expected: away },
		);

		journey(
			"what is opened for the first time while the service is away comes when it is back, and the page stays",
			() => `/organizations/${made.home.id}/people`,
			async (page) => {
				const row = page.getByRole("row").filter({ hasText: "Administrator" }).first();
				await service.end();
				await page.keyboard.press("I");
				await page.getByText("The service does not answer").first().waitFor();
				assert.ok(await row.isVisible());
				await service.begin();
				await page.getByRole("dialog", { name: /^Invite/ }).waitFor();
				await page.keyboard.press("Escape");
				await row.waitFor();
			},
			{ expected: away },
		);

		journey(
			"who comes from an organization moves it, if they may: a person is bound to nothing",
			() => "/organizations",
			async (page) => {
				const { owner, home, head } = made;
				const [admin] = (await owner("GET", `users?filter[email]=${encodeURIComponent(service.people.administrator.email)}`)).data;
				assert.equal(admin.relationships.organization.data.id, home.id);
				const [role] = (await owner("GET", `roles?filter[usableAt]=${head.id}&filter[key]=owner`)).data;
				await owner("POST", "memberships", {
					data: {
						type: "memberships",
						relationships: {
							user: { data: { type: "users", id: admin.id } },
							organization: { data: { type: "organizations", id: head.id } },
							roles: { data: [{ type: "roles", id: role.id }] },
						},
					},
				});
				await page.goto(`${service.base}/console/organizations/${home.id}`);
				await settled(page);
				const move = page.locator("main").getByRole("button", { name: "Move" });
				assert.equal(await move.getAttribute("aria-disabled"), null);
				await move.click();
				await page.getByRole("combobox", { name: "Where to" }).waitFor();
			},
			{ as: "administrator" },
		);

		journey(
			"a part that the service has no longer is told of, and the page stays",
			() => `/organizations/${made.home.id}/people`,
			async (page) => {
				await page.route(/assets\/KeyList/, (route) => route.fulfill({ status: 404 }));
				await page.reload(); // it has the part already, which comes with the first page
				await settled(page);
				await page.keyboard.press("?");
				await page.getByText("The service is another version now").waitFor();
				assert.ok(await page.getByRole("row").filter({ hasText: "Administrator" }).first().isVisible());
				await page.getByRole("button", { name: "Load the page again" }).click();
				await settled(page);
				await page.unrouteAll(); // not before: the page asks for its part again, and the bar goes when it is there
				await page.keyboard.press("?");
				await page.getByRole("dialog", { name: "Keys of this page" }).waitFor();
			},
		);
	});
}
