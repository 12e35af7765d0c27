// Nothing that somebody has typed is lost unasked: not by Esc, Back or a link, not by a session or a portal link that ends, not by what others delete.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./browser.mjs";
import { journeys } from "./journey.mjs";
import { databases, some, until } from "./program.mjs";

for (const database of some(databases, "typed")) {
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

		/** Holds the next request of a method to a path back until it is let go. */
		const slow = async (page, method, path) => {
			let go;
			const gone = new Promise((done) => (go = done));
			let came;
			const there = new Promise((done) => (came = done));
			await page.route(
				(to) => path.test(to.pathname),
				async (route) => {
					if (route.request().method() !== method) return route.fallback();
					came();
					await gone;
					await route.continue();
				},
			);
			return { there, go };
		};
		const text = (what, name) => what.getByLabel(name, { exact: true });

		journey(
			"what is typed into a dialog while it is being saved is there afterwards, and is saved next",
			() => `${home()}/webhooks/${made.audit}`,
			async (page) => {
				const endpoint = async () => (await made.owner("GET", `webhooks/${made.audit}`)).data.attributes;
				const { there, go } = await slow(page, "PATCH", /webhooks/);
				await page.getByRole("button", { name: "Change", exact: true }).click();
				await text(dialog(page), "Name").fill("Audit, sent");
				await dialog(page).getByRole("button", { name: "Save 1 change" }).click();
				await there;
				await text(dialog(page), "Name").fill("Audit, typed since");
				await dialog(page)
					.getByRole("button", { name: /^How it is sent/ })
					.click();
				await dialog(page).getByLabel("Rate").fill("9");
				go();
				await dialog(page).getByRole("button", { name: "Save 2 changes" }).waitFor();
				assert.equal(await text(dialog(page), "Name").inputValue(), "Audit, typed since");
				await until("what was sent is saved", async () => (await endpoint()).name === "Audit, sent");
				await dialog(page).getByRole("button", { name: "Save 2 changes" }).click();
				await dialog(page).waitFor({ state: "detached" });
				assert.deepEqual([(await endpoint()).name, (await endpoint()).rate], ["Audit, typed since", 9]);
				await made.owner("PATCH", `webhooks/${made.audit}`, {
					data: { type: "webhooks", id: made.audit, attributes: { name: "Audit", rate: null } },
				});
			},
		);

		const making = {
			role: { at: "roles", open: "New role", make: "Make it", to: "roles", secret: false, more: "Description" },
			endpoint: { at: "webhooks", open: "New endpoint", make: "Make it", to: "webhooks", secret: true, more: "Name" },
			key: { at: "keys", open: "New key", make: /^Make it, with/, to: "apiKeys", secret: true, more: "Name" },
			organization: { at: "people", open: "Organization below", make: "Make it", to: "organizations", secret: false, more: "Name" },
		};
		for (const [kind, { at, open, make, to, secret, more }] of Object.entries(making)) {
			journey(
				`what is typed while a new ${kind} is being made is a change of it`,
				() => `${home()}/${at}`,
				async (page) => {
					const { there, go } = await slow(page, "POST", new RegExp(`/${to}$`));
					await page.getByRole("button", { name: open, exact: true }).first().click();
					await text(dialog(page), "Name").fill(`Made of ${kind}`);
					if (kind === "endpoint") await dialog(page).getByLabel("URL").fill(made.well.url);
					if (kind === "role") await dialog(page).getByRole("checkbox").nth(1).check();
					const answer = page.waitForResponse((r) => r.request().method() === "POST" && r.url().endsWith(`/${to}`));
					await dialog(page).getByRole("button", { name: make }).click();
					await there;
					await text(dialog(page), more).fill(`Typed of ${kind}`);
					go();
					const { data } = await (await answer).json();
					if (secret)
						await dialog(page)
							.getByRole("button", { name: /I have stored it/ })
							.click();
					assert.equal(await text(dialog(page), more).inputValue(), `Typed of ${kind}`);
					await dialog(page).getByRole("button", { name: "Save 1 change" }).click();
					await dialog(page).waitFor({ state: "detached" });
					const now = (await made.owner("GET", `${to}/${data.id}`)).data.attributes;
					assert.equal(now[more.toLowerCase()], `Typed of ${kind}`);
					await made.owner("DELETE", `${to}/${data.id}`);
				},
			);
		}

		journey(
			"a portal link is made of what was typed: its fields cannot be reached meanwhile, and after a refusal one types on",
			() => `${home()}/webhooks`,
			async (page) => {
				const { there, go } = await slow(page, "POST", /portalLinks/);
				await page.getByRole("button", { name: "Portal link" }).click();
				const whom = dialog(page).getByLabel("Who it is for");
				await whom.fill("x".repeat(300));
				await page.keyboard.press("Enter");
				await there;
				await until("its fields cannot be reached", () =>
					whom.evaluate((e) => e !== document.activeElement || e.matches(":disabled, [inert] *")),
				);
				await page.keyboard.type("y");
				go();
				await dialog(page).locator("[aria-invalid=true]").waitFor();
				await page.keyboard.press("End");
				await page.keyboard.type("z");
				assert.equal(await whom.inputValue(), `${"x".repeat(300)}z`);
			},
			{ expected: [401, 404, 422] },
		);

		journey(
			"who was asked whether to leave what is being saved goes on once it is saved",
			() => `/organizations/${made.below.id}/settings`,
			async (page) => {
				const { there, go } = await slow(page, "PATCH", /organizations/);
				await page.getByLabel("Description").fill("Saved in the end");
				await page.getByRole("button", { name: "Save 1 change" }).click();
				await there;
				await page.getByRole("link", { name: "Overview" }).click();
				await ask(page).waitFor();
				go();
				await ask(page).waitFor({ state: "detached" });
				await page.waitForURL(`**/organizations/${made.below.id}`);
				await page.getByText("Changed description").first().waitFor();
				const { data } = await made.owner("GET", `organizations/${made.below.id}`);
				assert.equal(data.attributes.description, "Saved in the end");
			},
		);

		journey(
			"a secret that comes while somebody is asked is shown first, and then they go where they wanted to",
			() => `${home()}/keys`,
			async (page) => {
				await page.getByRole("link", { name: "Overview" }).click();
				await page.getByRole("link", { name: /^Keys/ }).last().click();
				const backWhile = async (path, title) => {
					await page.goBack();
					await ask(page).waitFor();
					path.go();
					const secret = page.getByRole("dialog", { name: title });
					await secret.getByRole("button", { name: "Copy the secret" }).waitFor();
					assert.match(page.url(), /keys$/);
					await secret.getByRole("button", { name: /I have stored it/ }).click();
					await page.waitForURL(`**${home()}`);
					await dialog(page).waitFor({ state: "detached" });
				};
				const making = await slow(page, "POST", /apiKeys$/);
				await page.getByRole("button", { name: "New key" }).click();
				await text(dialog(page), "Name").fill("Asked for");
				await dialog(page)
					.getByRole("button", { name: /^Make it, with/ })
					.click();
				await making.there;
				await backWhile(making, "The secret of Asked for");

				await page.getByRole("link", { name: /^Keys/ }).last().click();
				const rotating = await slow(page, "POST", /rotate$/);
				await page.getByRole("button", { name: "Actions for the key Asked for" }).click();
				await page.getByRole("menuitem", { name: "Rotate…" }).click();
				await dialog(page)
					.getByRole("button", { name: /^Rotate, both/ })
					.click();
				await rotating.there;
				await backWhile(rotating, /Asked for/);
			},
		);

		journey(
			"who has changed meanwhile what one ends, and when, is said",
			() => `${home()}/webhooks/${made.audit}`,
			async (page) => {
				await page.getByRole("button", { name: "More actions" }).click();
				await page.getByRole("menuitem", { name: "Delete" }).click();
				await dialog(page).getByLabel(/^Type/).fill("Audit");
				const data = (rate) => ({ data: { type: "webhooks", id: made.audit, attributes: { rate } } });
				await made.owner("PATCH", `webhooks/${made.audit}`, data(3));
				await dialog(page)
					.getByRole("button", { name: /^Delete it/ })
					.click();
				const me = (await made.owner("GET", "me")).data.attributes.fullName;
				await dialog(page)
					.getByRole("alert")
					.filter({ hasText: new RegExp(`${me} changed rate, .*(ago|now)`) })
					.waitFor();
				await made.owner("PATCH", `webhooks/${made.audit}`, data(null));
			},
			{ expected: [401, 404, 412] },
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
