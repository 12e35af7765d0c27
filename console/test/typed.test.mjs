// Nothing that somebody has typed is lost unasked: not by Esc, Back or a link, not by a session or a portal link that ends, not by what others delete.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./browser.mjs";
import { journeys } from "./journey.mjs";
import { databases, until } from "./program.mjs";

for (const database of databases) {
	describe(`what is typed, on ${database.name}`, () => {
		let service, made, browser;
		const journey = journeys(database, (all) => ({ service, made, browser } = all));

		const home = () => `/organizations/${made.home.id}`;
		const dialog = (page) => page.getByRole("dialog");
		const ask = (page) => page.getByRole("dialog", { name: "Leave what is not saved?" });

		journey("Esc, Back and links ask before a form is lost, and Cancel does not", home, async (page) => {
			await page
				.getByRole("link", { name: /^People/ })
				.last()
				.click();
			await page.getByRole("columnheader", { name: "Person" }).waitFor();
			await page.getByRole("button", { name: "Organization below" }).click();
			const name = dialog(page).getByLabel("Name", { exact: true });
			await name.fill("Typed");
			await page.keyboard.press("Escape");
			await ask(page).waitFor();
			await page.keyboard.press("Escape");
			await ask(page).waitFor({ state: "detached" });
			assert.equal(await name.inputValue(), "Typed");
			await page.goBack();
			await ask(page).getByRole("button", { name: "Stay here" }).click();
			assert.equal(await name.inputValue(), "Typed");
			await page.keyboard.press("Escape");
			await ask(page).getByRole("button", { name: "Leave, and lose it" }).click();
			await dialog(page).waitFor({ state: "detached" });
			await page.getByRole("button", { name: "Organization below" }).click();
			await name.fill("Typed");
			await dialog(page).getByRole("button", { name: "Cancel" }).click();
			await dialog(page).waitFor({ state: "detached" });
			await page.getByRole("button", { name: "Organization below" }).click();
			await page.keyboard.press("Escape");
			await dialog(page).waitFor({ state: "detached" });
		});

		journey(
			"what a page has unsaved outlives a dialog over it that is left",
			() => `${home()}/settings`,
			async (page) => {
				await page.getByLabel("Description").fill("Typed into the page");
				await page.getByRole("button", { name: "Organization below" }).click();
				await dialog(page).getByLabel("Name", { exact: true }).fill("Typed into the dialog");
				await page.keyboard.press("Escape");
				await ask(page).getByRole("button", { name: "Leave, and lose it" }).click();
				await dialog(page).waitFor({ state: "detached" });
				await page.getByRole("link", { name: "Overview" }).click();
				await ask(page).getByRole("button", { name: "Stay here" }).click();
				assert.equal(await page.getByLabel("Description").inputValue(), "Typed into the page");
			},
		);

		journey(
			"a session that ends in the middle of a form is begun again over it, and the form is sent",
			home,
			async (page, { context }) => {
				await page.getByRole("button", { name: "Organization below" }).click();
				await dialog(page).getByLabel("Name", { exact: true }).fill("Begun before");
				await context.clearCookies();
				await dialog(page).getByRole("button", { name: "Make it" }).click();
				const again = page.getByRole("dialog", { name: "Your session has ended" });
				await again.getByLabel("Password").fill("correct horse battery");
				await again.getByRole("button", { name: "Sign in" }).click();
				await again.waitFor({ state: "detached" });
				await page.getByText("Nothing was done: your session had ended.").waitFor();
				assert.equal(await dialog(page).getByLabel("Name", { exact: true }).inputValue(), "Begun before");
				await dialog(page).getByRole("button", { name: "Make it" }).click();
				await page.getByRole("heading", { name: "Begun before", level: 1 }).waitFor();
			},
		);

		journey(
			"who signs out in another window finds what was typed in the first, when the same person signs in again",
			home,
			async (page, { context }) => {
				await page.getByRole("button", { name: "Organization below" }).click();
				await dialog(page).getByLabel("Name", { exact: true }).fill("Of two windows");
				const other = await context.newPage();
				await other.goto(`${service.base}/console/organizations`);
				await settled(other);
				await other.getByRole("button", { name: /^Account of/ }).click();
				await other.getByRole("menuitem", { name: "Sign out" }).click();
				await other.getByLabel("Password").waitFor();
				const again = page.getByRole("dialog", { name: "Your session has ended" });
				await again.waitFor();
				await again.getByLabel("Password").fill("correct horse battery");
				await again.getByRole("button", { name: "Sign in" }).click();
				await again.waitFor({ state: "detached" });
				assert.equal(await dialog(page).getByLabel("Name", { exact: true }).inputValue(), "Of two windows");
				await dialog(page).getByRole("button", { name: "Cancel" }).click();
			},
		);

		journey(
			"an endpoint that somebody deletes meanwhile is gone from the page, but not from under what is typed",
			home,
			async (page) => {
				const { owner } = made;
				const doomed = async (name) => {
					const to = { organization: { data: { type: "organizations", id: made.home.id } } };
					const attributes = { name, url: made.well.url };
					return (await owner("POST", "webhooks", { data: { type: "webhooks", attributes, relationships: to } })).data.id;
				};
				const look = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
				const id = await doomed("Deleted elsewhere");
				await page.goto(`${service.base}/console${home()}/webhooks/${id}`);
				await settled(page);
				await page.getByRole("button", { name: "Change", exact: true }).click();
				await dialog(page).getByLabel("Name", { exact: true }).fill("Typed");
				await owner("DELETE", `webhooks/${id}`);
				await dialog(page)
					.getByRole("button", { name: /^Save 1 change/ })
					.click();
				await dialog(page).getByRole("alert").waitFor();
				await settled(page);
				assert.equal(await dialog(page).getByLabel("Name", { exact: true }).inputValue(), "Typed");
				await dialog(page).getByRole("button", { name: "Cancel" }).click();
				await until("it is gone", async () => {
					await look();
					return page.getByRole("heading", { name: "Nothing here" }).isVisible();
				});
			},
			{ expected: [401, 404] },
		);

		journey(
			"whom somebody could not invite, because the organization is gone since, can still be read",
			home,
			async (page) => {
				const parent = { parent: { data: { type: "organizations", id: made.home.id } } };
				const { data } = await made.owner("POST", "organizations", {
					data: { type: "organizations", attributes: { name: "Ends at once" }, relationships: parent },
				});
				await page.goto(`${service.base}/console/organizations/${data.id}`);
				await settled(page);
				await page.getByRole("button", { name: "Invite", exact: true }).click();
				await dialog(page).getByLabel("E-mail").fill("late@example.com");
				await dialog(page).getByRole("checkbox").first().check();
				await made.owner("DELETE", `organizations/${data.id}`);
				await dialog(page).getByRole("button", { name: "Invite", exact: true }).click();
				const told = page.getByRole("dialog", { name: "Not all were invited" });
				await told.getByText("late@example.com").waitFor();
				await settled(page);
				assert.ok(await told.isVisible());
				await told.getByRole("button", { name: "Close" }).click();
				await until("it is gone", async () => {
					await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
					return page.getByRole("heading", { name: "Nothing here" }).isVisible();
				});
			},
			{ expected: [401, 404] },
		);
	});
}
