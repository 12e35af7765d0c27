// What somebody has stays theirs: the focus when a row or a toast goes, the question before what is typed is lost when there is no network any
// more, and what is sent again while they look elsewhere.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./browser.mjs";
import { journeys } from "./journey.mjs";
import { databases, some, until } from "./program.mjs";

/** Where the focus is: what the element is called, or "nowhere". */
const focused = (page) =>
	page.evaluate(() => {
		const e = document.activeElement;
		return e === document.body || !e ? "nowhere" : (e.getAttribute("aria-label") ?? e.textContent);
	});

for (const database of some(databases, "kept")) {
	describe(`what is kept, on ${database.name}`, () => {
		let service, made;
		const journey = journeys(database, (all) => ({ service, made } = all));

		const home = () => `/organizations/${made.home.id}`;
		const org = () => ({ data: { type: "organizations", id: made.home.id } });
		const offline = { expected: [401, 404, "ERR_INTERNET_DISCONNECTED"] };

		journey(
			"without a network as well, who leaves what is typed is asked, and menus, keys and Find open",
			() => `${home()}/settings`,
			async (page, { context }) => {
				await context.setOffline(true);
				await page.getByText("No network. What is loaded can be read").waitFor();
				await page.getByLabel("Description").fill("Typed without a network");
				await page.getByRole("link", { name: "Overview" }).click();
				const ask = page.getByRole("dialog", { name: "Leave what is not saved?" });
				await ask.getByRole("button", { name: "Stay here" }).click();
				await ask.waitFor({ state: "detached" });
				assert.equal(await page.getByLabel("Description").inputValue(), "Typed without a network");
				await page.getByRole("button", { name: /^Account of/ }).click();
				await page.getByRole("menuitem").first().waitFor();
				await page.keyboard.press("Escape");
				await page.getByRole("menuitem").first().waitFor({ state: "detached" });
				await page.keyboard.press("?");
				await page.getByRole("dialog", { name: "Keys of this page" }).waitFor();
				await page.keyboard.press("Escape");
				await page.getByRole("dialog").waitFor({ state: "detached" });
				await page.keyboard.press("/");
				await page.getByRole("combobox", { name: "Find or paste anything" }).waitFor();
			},
			offline,
		);

		journey(
			"a toast that is closed by the keyboard gives the focus back, and U does what its button does",
			() => `${home()}/people`,
			async (page) => {
				await page.keyboard.press("j");
				const before = await focused(page);
				await page.keyboard.press("l");
				await page.locator(".toast").waitFor();
				await page.locator(".toast-close").focus();
				await page.keyboard.press("Enter");
				await page.locator(".toast").waitFor({ state: "detached" });
				await until("the focus is where it was", async () => (await focused(page)) === before);
				await page.goto(`${service.base}/console/organizations/${made.below.id}/settings`);
				await settled(page);
				const description = page.getByLabel("Description");
				const was = await description.inputValue();
				await description.fill("For a moment");
				const save = page.getByRole("button", { name: "Save 1 change" });
				await save.press("Enter");
				await page.getByText("Changed description").first().waitFor();
				await page.keyboard.press("u");
				await until("it is as it was", async () => (await description.inputValue()) === was);
				assert.equal(await page.locator(".toast").getByRole("button", { name: "Undo" }).count(), 0);
			},
		);

		journey(
			"a row that is taken away by the keyboard leaves the focus to the one in its place, and the last to the one before",
			() => `${home()}/invitations`,
			async (page) => {
				const to = { organization: org() };
				for (const one of ["c", "b", "a"])
					await made.owner("POST", "invitations", {
						data: { type: "invitations", attributes: { email: `${one}@focus.example` }, relationships: to },
					});
				await page.reload();
				await settled(page);
				const rows = await page.locator("tbody tr td:first-child").allTextContents();
				const takeBack = async (email) => {
					await page.getByRole("button", { name: `Actions for ${email}` }).focus();
					await page.keyboard.press("Enter");
					await page.getByRole("menuitem", { name: "Take back" }).waitFor();
					await page.keyboard.press("End");
					await page.keyboard.press("Enter");
					await page.getByRole("cell", { name: email, exact: true }).waitFor({ state: "detached" });
				};
				const has = (email) => until(`the focus is at ${email}`, async () => (await focused(page)) === `Actions for ${email}`);
				await takeBack(rows[0]);
				await has(rows[1]);
				await takeBack(rows.at(-1));
				await has(rows.at(-2));
			},
		);

		journey(
			"what is being sent again is on the page of its endpoint, whoever began it, and can be ended there",
			() => `${home()}/webhooks/${made.audit}`,
			async (page) => {
				const webhook = { webhook: { data: { type: "webhooks", id: made.audit } } };
				const since = new Date(Date.now() - 3_600_000).toISOString();
				const { data } = await made.owner("POST", "webhookReplays", {
					data: { type: "webhookReplays", attributes: { kind: "events", includeDelivered: true, since }, relationships: webhook },
				});
				await made.owner("PATCH", `webhookReplays/${data.id}`, {
					data: { type: "webhookReplays", id: data.id, attributes: { state: "paused" } },
				});
				await page.reload();
				const running = page.getByRole("region", { name: "Being sent again" });
				await running.getByText("paused").waitFor();
				await running.getByRole("button", { name: "Cancel" }).click();
				await running.waitFor({ state: "detached" });
				const { data: now } = await made.owner("GET", `webhookReplays/${data.id}`);
				assert.equal(now.attributes.state, "cancelled");
			},
		);

		journey(
			"who gives a role takes back nothing that somebody else has changed meanwhile, nor does who undoes it",
			() => `${home()}/people`,
			async (page) => {
				const { owner } = made;
				const { data: roles } = await owner("GET", `roles?filter[usableAt]=${made.home.id}`);
				const ids = (...keys) => ({
					data: keys.map((key) => ({ type: "roles", id: roles.find((r) => r.attributes.key === key).id })),
				});
				const user = (
					await owner("POST", "users", {
						data: {
							type: "users",
							attributes: { firstName: "Changed", lastName: "Twice" },
							relationships: { organization: org() },
						},
					})
				).data;
				const held = (await owner("GET", `memberships?filter[user]=${user.id}&filter[organizationId]=${made.home.id}`)).data[0];
				const set = (...keys) => owner("PATCH", `memberships/${held.id}/relationships/roles`, ids(...keys));
				const now = async () =>
					(await owner("GET", `memberships/${held.id}?include=roles`)).included.map((r) => r.attributes.key).sort();
				await set("member");
				await page.reload();
				await settled(page);
				await page.getByRole("button", { name: /^Actions for Changed Twice/ }).click();
				await page.getByRole("menuitem", { name: "Change roles" }).click();
				const dialog = page.getByRole("dialog", { name: "Change roles" });
				await dialog.getByRole("checkbox", { name: "Manager" }).check();
				await set("viewer");
				await dialog.getByRole("button", { name: "Give Manager" }).click();
				await dialog.waitFor({ state: "detached" });
				assert.deepEqual(await now(), ["manager", "viewer"]);
				await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
				await until("it is undone", async () => (await now()).join() === "viewer");
			},
		);

		journey(
			"what is typed while the text before it is being saved stays, and is asked about",
			() => `/organizations/${made.below.id}/settings`,
			async (page) => {
				let release;
				const held = new Promise((r) => (release = r));
				await page.route(/\/organizations\/[^/?]+$/, async (route) => {
					if (route.request().method() === "PATCH") await held;
					await route.continue();
				});
				const description = page.getByLabel("Description");
				await description.fill("Sent");
				await page.getByRole("button", { name: "Save 1 change" }).click();
				await page.getByRole("button", { name: /It is on its way/ }).waitFor();
				await description.fill("Sent, and more");
				release();
				await page.getByText("Changed description").first().waitFor();
				await settled(page);
				assert.equal(await description.inputValue(), "Sent, and more");
				await page.getByRole("link", { name: "Overview" }).click();
				const ask = page.getByRole("dialog", { name: "Leave what is not saved?" });
				await ask.getByRole("button", { name: "Stay here" }).click();
				await page.getByRole("button", { name: "Save 1 change" }).click();
				await until("it is saved", async () => {
					const { data } = await made.owner("GET", `organizations/${made.below.id}`);
					return data.attributes.description === "Sent, and more";
				});
			},
		);

		journey(
			"Back asks before a secret is gone that is shown once, and closes what is over the page that it leaves",
			home,
			async (page) => {
				const tab = (name) => page.getByRole("navigation", { name: made.home.attributes.name }).getByRole("link", { name });
				await tab(/^Keys/).click();
				await page.getByRole("button", { name: "New key" }).click();
				const dialog = page.getByRole("dialog");
				await dialog.getByLabel("Name", { exact: true }).fill("Shown once");
				await dialog.getByRole("checkbox").first().check();
				await dialog.locator("button[type=submit]").click();
				const stored = page.getByRole("button", { name: "I have stored it" });
				await stored.waitFor();
				await page.goBack();
				await page.getByRole("dialog", { name: "Leave what is not saved?" }).getByRole("button", { name: "Stay here" }).click();
				await stored.click();
				await dialog.waitFor({ state: "detached" });
				await tab(/^Overview/).click();
				await page.getByRole("heading", { name: "Facts" }).waitFor();
				await page.getByRole("button", { name: "Organization below" }).click();
				await dialog.waitFor();
				await page.goBack();
				await page.getByRole("button", { name: "New key" }).waitFor();
				await dialog.waitFor({ state: "detached" });
			},
		);
	});
}
