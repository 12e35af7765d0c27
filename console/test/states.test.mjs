// What happens when things are in the way: somebody else, no network, no right, too many requests, a second click.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { launch, open, settled, signIn } from "./browser.mjs";
import { databases, session, some, start, until } from "./program.mjs";
import { journeys } from "./journey.mjs";

for (const database of some(databases, "states")) {
	describe(`on ${database.name}`, () => {
		let service, made, browser;

		const journey = journeys(database, (all) => ({ service, made, browser } = all));

		/** Counts the requests that write, by method and path. */
		const writes = (page) => {
			const seen = [];
			page.on("request", (r) => r.method() !== "GET" && seen.push(`${r.method()} ${new URL(r.url()).pathname}`));
			return seen;
		};

		const settings = () => `/organizations/${made.below.id}/settings`;

		journey("leaving what is typed is asked about, by a link and by the browser's back", settings, async (page) => {
			const { below } = made;
			await page.getByRole("link", { name: "People" }).nth(1).click();
			await page.getByRole("link", { name: "Settings" }).click();
			await page.getByLabel("Description").fill("Not saved");
			const ask = page.getByRole("dialog", { name: "Leave what is not saved?" });
			await page.getByRole("link", { name: "Overview" }).click();
			await ask.getByRole("button", { name: "Stay here" }).click();
			await ask.waitFor({ state: "detached" });
			assert.equal(await page.getByLabel("Description").inputValue(), "Not saved");
			await page.goBack();
			await ask.waitFor();
			await page.keyboard.press("Escape");
			await ask.waitFor({ state: "detached" });
			assert.ok(page.url().endsWith(`/${below.id}/settings`), page.url());
			assert.equal(await page.getByLabel("Description").inputValue(), "Not saved");
			await page.goBack();
			await ask.getByRole("button", { name: "Leave, and lose it" }).click();
			await page.waitForURL(`**/organizations/${below.id}/people`);
			await page.getByRole("columnheader", { name: "Person" }).waitFor();
			await page.getByRole("link", { name: "Settings" }).click();
			await page.getByLabel("Description").waitFor();
			await page.getByRole("link", { name: "Overview" }).click();
			await page.getByRole("heading", { name: "Facts" }).waitFor();
			assert.equal(await ask.count(), 0);
		});

		journey(
			"what is typed into the profile stays when it is changed elsewhere, and both are shown when it is saved",
			() => "/account",
			async (page) => {
				const other = await session(service.base, service.people.manager.email);
				const { data: me } = await other("GET", "me");
				await page.getByLabel("First name").fill("Typed");
				await other("PATCH", `users/${me.id}`, {
					data: { type: "users", id: me.id, attributes: { firstName: "Theirs", phone: "+49 1" } },
				});
				const read = page.waitForResponse((r) => r.url().includes(`/users/${me.id}`) && r.request().method() === "GET");
				await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
				await read;
				assert.equal(await page.getByLabel("First name").inputValue(), "Typed");
				await page.getByRole("button", { name: "Save" }).click();
				const dialog = page.getByRole("dialog", { name: "Somebody else has changed it" });
				await dialog.getByLabel(/theirs Theirs/).waitFor();
				await dialog.getByRole("button", { name: "Save yours" }).click();
				await page.getByText("Changed your profile").first().waitFor();
				const { data } = await other("GET", `users/${me.id}`);
				assert.deepEqual([data.attributes.firstName, data.attributes.phone], ["Typed", "+49 1"]);
				assert.equal(await page.getByLabel("Phone").inputValue(), "+49 1");
			},
			{ as: "manager", expected: [401, 404, 412] },
		);

		journey("a form that nobody has typed into follows what others change", settings, async (page) => {
			const { below, owner } = made;
			await owner("PATCH", `organizations/${below.id}`, {
				data: { type: "organizations", id: below.id, attributes: { description: "From elsewhere" } },
			});
			await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
			await until(
				"the new text is in the form",
				async () => (await page.getByLabel("Description").inputValue()) === "From elsewhere",
			);
		});

		journey(
			"a double click does what one click does, once",
			() => `/organizations/${made.home.id}`,
			async (page) => {
				const sent = writes(page);
				await page.getByRole("button", { name: "Organization below" }).click();
				const dialog = page.getByRole("dialog");
				await dialog.getByLabel("Name", { exact: true }).fill("Made once");
				await dialog.getByRole("button", { name: "Make it" }).dblclick();
				await page.getByRole("heading", { name: "Made once", level: 1 }).waitFor();
				await page.goto(`${service.base}/console/organizations/${made.home.id}/webhooks/${made.audit}`);
				await page.getByRole("button", { name: "Send a test" }).dblclick();
				await page.getByText("A test is on its way").first().waitFor();
				await settled(page);
				assert.deepEqual(sent, ["POST /public/v2/organizations", `POST /public/v2/webhooks/${made.audit}/test`]);
			},
		);

		journey(
			"without a network what is loaded can be read, and nothing is sent",
			settings,
			async (page, { context }) => {
				const sent = writes(page);
				await page.getByLabel("Description").fill("Typed without a network");
				await context.setOffline(true);
				await page.getByText("No network. What is loaded can be read").waitFor();
				const save = page.getByRole("button", { name: /^Save 1 change/ });
				assert.equal(await save.getAttribute("aria-disabled"), "true");
				assert.match(await save.textContent(), /There is no network/);
				await page.getByLabel("Name", { exact: true }).press("Enter");
				assert.deepEqual(sent, []);
				await context.setOffline(false);
				await page.getByText("No network. What is loaded can be read").waitFor({ state: "detached" });
				await page.getByRole("button", { name: "Save 1 change" }).click();
				await page.getByText("Changed description").first().waitFor();
			},
			{ expected: [401, 404, "ERR_INTERNET_DISCONNECTED"] },
		);

		journey(
			"a page that one may not see says what it takes and who can give it, and is not empty",
			() => "/organizations",
			async (page) => {
				await page.getByRole("treeitem").first().click();
				await page.getByRole("heading", { name: "Facts" }).waitFor();
				const at = page.url();
				for (const [tab, word] of [
					["keys", "apiKeys:read"],
					["webhooks", "webhooks:read"],
					["events", "events:read"],
					["invitations", "invitations:read"],
				]) {
					await page.goto(`${at}/${tab}`);
					await page.getByRole("heading", { name: /You may not see/ }).waitFor();
					await page.getByText(`It takes ${word} at`).waitFor();
					await page.locator(".givers").getByRole("link").first().waitFor();
					assert.equal(await page.getByText(/^No |Nobody|Nothing/).count(), 0, tab);
				}
				const giver = page.locator(".givers").getByRole("listitem").first();
				assert.match(await giver.textContent(), /@.*(Manager|Administrator|Owner)/);
				for (const [list, word] of [
					["keys", "apiKeys:read"],
					["deliveries", "webhooks:read"],
				]) {
					await page.goto(`${service.base}/console/${list}`);
					await page.getByText(`It takes ${word} in some organization`).waitFor();
					await page.getByRole("link", { name: /^people of/ }).waitFor();
				}
			},
			{ as: "viewer" },
		);

		journey(
			"what is no address is named, kept, and not sent; what was refused can be changed",
			() => `/organizations/${made.home.id}`,
			async (page) => {
				const sent = writes(page);
				await page.getByRole("button", { name: "Invite" }).click();
				const dialog = page.getByRole("dialog", { name: /Invite to/ });
				await dialog
					.getByLabel("E-mail")
					.fill("ada@example.com bob.example.com, Cleo Doe <cleo@example.com>; t.okafor@example.com");
				await dialog.getByText("Not an e-mail address: bob.example.com.").waitFor();
				const invite = dialog.getByRole("button", { name: /^Invite/ });
				assert.match(await invite.textContent(), /Correct or remove what is not an address/);
				await dialog.getByLabel("Message").press("Enter");
				assert.deepEqual(sent, []);
				await dialog.getByLabel("E-mail").fill("t.okafor@example.com");
				await dialog.getByRole("button", { name: "Invite" }).click();
				const result = page.getByRole("dialog", { name: "Not all were invited" });
				await result.getByText("There is an open invitation to that address.").waitFor();
				await result.getByRole("button", { name: "Change the one that was not invited" }).click();
				assert.equal(await dialog.getByLabel("E-mail").inputValue(), "t.okafor@example.com");
			},
			{ expected: [401, 404, 409] },
		);

		journey(
			"what would be refused is not offered, and says why",
			() => `/organizations/${made.home.id}`,
			async (page) => {
				await page.getByRole("button", { name: "Invite" }).click();
				const dialog = page.getByRole("dialog", { name: /Invite to/ });
				await dialog.getByText("Its rank is 100, and yours here is 80").waitFor();
				assert.ok(await dialog.getByLabel("Owner", { exact: true }).isDisabled());
				assert.ok(await dialog.getByLabel("Manager", { exact: true }).isEnabled());
			},
			{ as: "administrator" },
		);

		journey(
			"the last owner cannot be ended, and the page says why",
			() => `/organizations/${made.head.id}/people`,
			async (page) => {
				const row = page.getByRole("row").filter({ hasText: service.people.owner.email });
				await row.getByRole("button", { name: /Actions for/ }).click();
				await page.getByRole("menuitem", { name: /End the membership ?: They are the last owner/ }).waitFor();
				await page.getByRole("menuitem", { name: "Change roles" }).click();
				const owner = page.getByRole("dialog").getByLabel("Owner", { exact: true });
				await page.getByText("They are the last owner: make somebody else an owner first").waitFor();
				assert.ok(await owner.isDisabled());
			},
		);

		/** Returns the names of the way to the organization that is open. */
		const way = (page) => page.getByRole("navigation", { name: "Path" }).getByRole("listitem").allTextContents();
		/** Returns an organization right below another one, for a journey of its own. */
		const branch = async (name, parent) =>
			(
				await made.owner("POST", "organizations", {
					data: {
						type: "organizations",
						attributes: { name },
						relationships: { parent: { data: { type: "organizations", id: parent } } },
					},
				})
			).data;

		journey(
			"a branch is moved by keys alone: the place is looked up, what cannot be it says why, and it can be moved back",
			() => "/organizations",
			async (page) => {
				const moved = await branch("Aurora Yard", made.home.id);
				await branch("Aurora Yard Annex", moved.id);
				await page.goto(`${service.base}/console/organizations/${moved.id}`);
				await settled(page);
				await page.keyboard.press("m");
				const dialog = page.getByRole("dialog", { name: "Move Aurora Yard" });
				await dialog.getByRole("combobox", { name: "Where to" }).waitFor();
				await page.keyboard.type("Aurora");
				const inside = dialog.getByRole("option", { name: /Annex.*That is inside of what is moved/ });
				await inside.waitFor();
				assert.equal(await inside.getAttribute("aria-disabled"), "true");
				await page.keyboard.press("ArrowDown");
				await page.keyboard.press("Enter");
				assert.equal(await dialog.getByText("not chosen yet").count(), 1);
				await dialog.getByRole("combobox").fill(made.head.attributes.name);
				await dialog.getByRole("option", { name: made.head.attributes.name }).first().waitFor();
				await page.keyboard.press("Enter");
				await dialog.getByText(`${made.head.attributes.name} › Aurora Yard`).waitFor();
				const submit = dialog.getByRole("button", { name: /^Move(,| to)/ });
				await until("it is known what it does", async () => (await submit.getAttribute("aria-disabled")) === null);
				await submit.focus();
				await page.keyboard.press("Enter");
				await dialog.waitFor({ state: "detached" });
				await until("the focus is on the page", () => page.evaluate(() => document.activeElement?.tagName === "H1"));
				await until(
					"the way is the new one",
					async () => (await way(page)).join() === [made.head.attributes.name, "Aurora Yard"].join(),
				);
				await page.getByRole("button", { name: "Undo" }).click();
				const back = page.getByRole("dialog", { name: "Move back Aurora Yard" });
				await back.getByText(`${made.home.attributes.name} › Aurora Yard`).waitFor();
				await back.getByRole("button", { name: /^Move(,| to)/ }).click();
				await page.getByText("Moved Aurora Yard back").first().waitFor();
				await until("it is where it was", async () => (await way(page)).length === 3);
			},
		);

		journey(
			"in the tree a branch is cut and put elsewhere, and what cannot be its place is dimmed",
			() => "/organizations",
			async (page) => {
				const moved = await branch("Boreal Yard", made.home.id);
				await page.goto(`${service.base}/console/organizations/${moved.id}`);
				await settled(page);
				const tree = page.getByRole("tree");
				const row = (name) => tree.getByRole("treeitem", { name });
				await row(/Boreal Yard/).focus();
				await page.keyboard.press("Control+x");
				await page.getByText("Cut Boreal Yard.").first().waitFor();
				const parent = row(new RegExp(`^\\S* ?${made.home.attributes.name}`)).first();
				assert.equal(await parent.getAttribute("title"), "It is there already");
				await parent.focus();
				await page.keyboard.press("Control+v");
				await page.getByText("Boreal Yard cannot go there. It is there already").first().waitFor();
				await row(new RegExp(made.head.attributes.name)).first().focus();
				await page.keyboard.press("Control+v");
				const dialog = page.getByRole("dialog", { name: "Move Boreal Yard" });
				await dialog.getByText(`${made.head.attributes.name} › Boreal Yard`).waitFor();
				assert.equal(await dialog.getByRole("combobox").count(), 0);
				await dialog.getByRole("button", { name: /^Move(,| to)/ }).click();
				await page.getByText(`Moved Boreal Yard to ${made.head.attributes.name}`).first().waitFor();
				await until("the way is the new one", async () => (await way(page)).length === 2);
			},
		);

		journey(
			"a role that cannot be held at the new place is replaced in the move",
			() => "/organizations",
			async (page) => {
				const { owner, head } = made;
				const place = (await branch("Cedar Yard", head.id)).id;
				const moved = (await branch("Cedar Shed", place)).id;
				const link = (id) => ({ data: { type: "organizations", id } });
				const { data: role } = await owner("POST", "roles", {
					data: {
						type: "roles",
						attributes: { key: "fitter", name: "Fitter", permissions: ["organizations:read"] },
						relationships: { organization: link(place) },
					},
				});
				const { data: user } = await owner("POST", "users", {
					data: {
						type: "users",
						attributes: { firstName: "Finn", lastName: "Fitter" },
						relationships: { organization: link(moved) },
					},
				});
				const { data: memberships } = await owner("GET", `memberships?filter[userId]=${user.id}`);
				const roles = `memberships/${memberships[0].id}/relationships/roles`;
				await owner("PATCH", roles, { data: [{ type: "roles", id: role.id }] });
				await page.goto(`${service.base}/console/organizations/${moved}`);
				await settled(page);
				await page.getByRole("button", { name: "Move" }).click();
				const dialog = page.getByRole("dialog", { name: "Move Cedar Shed" });
				await dialog.getByRole("combobox", { name: "Where to" }).fill(head.attributes.name);
				await dialog.getByRole("option", { name: head.attributes.name }).first().click();
				await dialog.getByText(/Fitter cannot be held there\. 1 membership has it/).waitFor();
				await dialog.getByText("Choose what replaces Fitter").first().waitFor({ state: "attached" });
				await dialog.getByLabel("Instead of Fitter").selectOption({ label: "Viewer" });
				const submit = dialog.getByRole("button", { name: /^Move(,| to)/ });
				await until("it is known what it does", async () => (await submit.getAttribute("aria-disabled")) === null);
				await submit.click();
				await dialog.waitFor({ state: "detached" });
				const after = await owner("GET", `memberships/${memberships[0].id}?include=roles`);
				assert.deepEqual(
					after.included.map((r) => r.attributes.key),
					["viewer"],
				);
			},
		);

		journey(
			"the drawer keeps the focus until it is closed, and gives it back",
			() => `/organizations/${made.home.id}`,
			async (page) => {
				const opener = page.getByRole("button", { name: "Open navigation" });
				await opener.focus();
				await page.keyboard.press("Enter");
				const drawer = page.getByRole("dialog", { name: "Navigation" });
				await drawer.waitFor();
				const inside = () =>
					page.evaluate(() => document.activeElement.closest(".side") !== null || document.activeElement === document.body);
				for (let i = 0; i < 25; i++) {
					assert.ok(await inside(), `after ${i} tabs the focus is behind the drawer`);
					await page.keyboard.press("Tab");
				}
				assert.ok(await page.locator("main").evaluate((m) => m.closest("[inert]") !== null), "the page behind it can be reached");
				await page.keyboard.press("Escape");
				await drawer.waitFor({ state: "detached" });
				await until("the focus is back", () =>
					page.evaluate(() => document.activeElement.getAttribute("aria-label") === "Open navigation"),
				);
				await opener.click();
				await drawer.getByRole("link", { name: "People" }).click();
				await page.getByRole("heading", { name: "People", level: 1 }).waitFor();
				await until("the focus is at the heading", () => page.evaluate(() => document.activeElement.tagName === "H1"));
			},
			{ width: 420 },
		);

		journey(
			"rows are gone through and opened by keys, Esc closes, and what is open is in the URL",
			() => "/events",
			async (page) => {
				await page.locator("main h1").focus();
				await page.keyboard.press("j");
				await page.keyboard.press("j");
				const second = page.locator(".log-row").nth(1);
				await until("the second row has the focus", () => second.evaluate((row) => row === document.activeElement));
				await page.keyboard.press("k");
				await page.keyboard.press("j");
				await page.keyboard.press("Enter");
				await page.locator(".evopen").waitFor();
				const link = page.url();
				assert.match(link, /open=[0-9a-f-]{36}/);
				await page.keyboard.press("Escape");
				await page.locator(".evopen").waitFor({ state: "detached" });
				await page.keyboard.press("?");
				const keys = page.getByRole("dialog", { name: "Keys of this page" });
				await keys.getByText("Next row").waitFor();
				assert.equal(await keys.getByText("Select the row").count(), 0, "rows that cannot be selected have no key for it");
				await page.goto(link);
				await page.locator(".evopen").waitFor();
			},
		);

		journey(
			"a refusal names what it is about, with the way out as a link, and what was denied is a sentence",
			() => `/organizations/${made.head.id}/people`,
			async (page) => {
				const { owner, head } = made;
				// The page is told that there are more owners than there are, as one that was loaded earlier is.
				await page.route(/effectiveAt/, async (route) => {
					const answer = await route.fetch();
					await route.fulfill({ response: answer, body: (await answer.text()).replaceAll('"key":"owner"', '"key":"was-owner"') });
				});
				await page.reload();
				await settled(page);
				const row = page.getByRole("row").filter({ hasText: service.people.owner.email });
				await row.getByRole("button", { name: /Actions for/ }).click();
				await page.getByRole("menuitem", { name: "End the membership" }).click();
				const dialog = page.getByRole("dialog", { name: "End the membership" });
				await dialog.getByRole("button", { name: "End it" }).click();
				await dialog.getByText("It is the last owner of the organization").waitFor();
				await dialog.getByRole("link", { name: head.attributes.name }).waitFor();
				const viewer = await session(service.base, service.people.viewer.email);
				const { data: places } = await viewer("GET", "organizations");
				await assert.rejects(viewer("DELETE", `organizations/${places[0].id}`), /403/);
				assert.ok((await owner("GET", "events?filter[eventType]=access.denied")).data.length > 0);
				await page.goto(`${service.base}/console/events?filter[eventType][prefix]=access.`);
				await page
					.getByText(`tried to delete ${places[0].attributes.name}, and was refused: it takes organizations:delete`)
					.waitFor();
			},
			{ expected: [401, 404, 409] },
		);

		test("a session by a management key says so on every page, and until when", async () => {
			const tab = await open(browser, service.base);
			const { page } = tab;
			const key = await service.managementKey("First run");
			await page.goto(`${service.base}/console/sign-in`);
			await page.getByRole("button", { name: "Use a management key" }).click();
			await page.getByLabel("Key").fill(key);
			await page.keyboard.press("Enter");
			await page.getByText(/You act as the management key First run.*It ends in 12 hours/).waitFor();
			await tab.close();
		});
	});
}

test("who asks too often is told how long it takes, and it goes on by itself", async () => {
	const service = await start({ url: "" }, { organizations: 20, users: 40, args: ["--rate-limit", "60"] });
	const browser = await launch();
	const tab = await open(browser, service.base, { expected: [401, 404, 429] });
	const { page } = tab;
	await page.clock.install();
	await signIn(page, service.base, service.people.owner.email, "/organizations");
	await page.getByRole("treeitem").first().click();
	const bar = page.getByText(/Too many requests\. It goes on by itself, in \d+ seconds?\./);
	await page.getByRole("link", { name: "Settings" }).click();
	await page.getByLabel("Description").fill("Sent when its time comes");
	await page.evaluate(async () => {
		while ((await fetch("/public/v2/me")).ok);
	});
	await page.getByRole("button", { name: "Save 1 change" }).click();
	await bar.waitFor();
	await service.end(); // a new one counts anew, and the clock of the page is moved to when the old one would have
	await service.begin();
	await page.clock.fastForward(60_000);
	await page.getByText("Changed description").first().waitFor();
	await bar.waitFor({ state: "detached" });
	await tab.close();
	await browser.close();
	await service.stop();
});
