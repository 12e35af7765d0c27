// An example of a type of event is sent to an endpoint, and what waits for one that is paused says so, also to who sees deliveries alone.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { open, settled, signIn } from "./browser.mjs";
import { journeys } from "./journey.mjs";
import { databases, receiver, some, until } from "./program.mjs";

for (const database of some(databases, "trial")) {
	describe(`trying an endpoint on ${database.name}`, () => {
		let service, made, browser;
		const endpoint = () => `/organizations/${made.home.id}/webhooks/${made.audit}`;
		const journey = journeys(database, (all) => ({ service, made, browser } = all));

		journey("an example of a type is sent in four clicks, is marked, and is no event of the organization", endpoint, async (page) => {
			const before = made.well.state.got;
			await page.getByRole("button", { name: "More actions" }).click();
			await page.getByRole("menuitem", { name: "Send an example of a type…" }).click();
			const dialog = page.getByRole("dialog", { name: "Send an example to Audit" });
			await dialog.getByLabel("Type").selectOption("user.deleted");
			await dialog.getByText("A user was deleted").waitFor();
			await dialog.getByRole("button", { name: "Send user.deleted" }).click();
			await dialog.waitFor({ state: "detached" });
			const row = page.locator(".list-row").first();
			await row.getByText("user.deleted").waitFor();
			await row.getByText("an example").waitFor();
			await row.getByText("200").waitFor();
			assert.equal(made.well.state.got, before + 1);
			await row.click();
			await page.getByRole("heading", { name: "user.deleted", level: 1 }).waitFor();
			await page.getByText("an example").nth(1).waitFor();
			await page.locator("pre").filter({ hasText: '"test": true' }).first().waitFor();
			const { data } = await made.owner("GET", `events?filter[organizationId]=${made.home.id}&filter[eventType]=user.deleted`);
			assert.deepEqual(data, []);
			await page.goto(`${service.base}/console/deliveries`);
			await page
				.getByRole("row", { name: /user\.deleted an example/ })
				.first()
				.waitFor();
		});

		journey("a paused endpoint takes no test, and what waits for it says why", endpoint, async (page) => {
			await page.getByRole("button", { name: "Pause" }).click();
			await page.getByRole("button", { name: /^Enable/ }).waitFor();
			assert.equal(await page.getByRole("button", { name: /Send a test/ }).getAttribute("title"), "It is paused: enable it first");
			await page.getByRole("button", { name: "More actions" }).click();
			await page.getByRole("menuitem", { name: /Send an example.*enable it first/ }).waitFor();
			await page.keyboard.press("Escape");
			const { home, owner } = made;
			await owner("PATCH", `organizations/${home.id}`, {
				data: { type: "organizations", id: home.id, attributes: { description: "A depot that waits" } },
			});
			await page.reload();
			const waiting = page.locator(".list-row").filter({ hasText: "waits: paused" }).first();
			await waiting.click();
			await page.getByText("Its endpoint is paused: nothing is sent before it is enabled.").waitFor();
		});

		test("the query of a URL is part of the request that is shown", async () => {
			const to = { organization: { data: { type: "organizations", id: made.home.id } } };
			const attributes = { name: "With a query", url: `${made.well.url}?tenant=7`, eventTypes: ["organization.updated"] };
			const hook = (await made.owner("POST", "webhooks", { data: { type: "webhooks", attributes, relationships: to } })).data;
			await made.owner("POST", `webhooks/${hook.id}/test`);
			const delivery = await until("the test was sent", async () => {
				const { data } = await made.owner("GET", `webhookDeliveries?filter[webhookId]=${hook.id}`);
				return data.find((d) => d.attributes.attempts > 0);
			});
			const tab = await open(browser, service.base);
			const path = `/organizations/${made.home.id}/webhooks/${hook.id}/deliveries/${delivery.id}`;
			await signIn(tab.page, service.base, service.people.owner.email, path);
			await tab.page.locator("pre").filter({ hasText: "POST /roster?tenant=7 HTTP/1.1" }).waitFor();
			await tab.close();
		});

		test("a portal for deliveries alone says that they wait for a paused endpoint", async (t) => {
			const away = await receiver(503);
			t.after(() => away.close());
			const to = { organization: { data: { type: "organizations", id: made.home.id } } };
			const attributes = { name: "Ledger", url: away.url, eventTypes: ["organization.updated"] };
			const hook = (await made.owner("POST", "webhooks", { data: { type: "webhooks", attributes, relationships: to } })).data;
			await made.owner("POST", `webhooks/${hook.id}/test`);
			await until("the test has failed once", () => away.state.got > 0);
			await made.owner("PATCH", `webhooks/${hook.id}`, { data: { type: "webhooks", id: hook.id, attributes: { status: "paused" } } });
			const link = await made.owner("POST", "portalLinks", {
				data: {
					type: "portalLinks",
					attributes: { name: "Grace", permissions: ["webhookDeliveries:write"] },
					relationships: to,
				},
			});
			const tab = await open(browser, service.base);
			await tab.page.goto(link.data.attributes.url);
			await tab.page.getByRole("heading", { name: "Deliveries", level: 1 }).waitFor();
			await settled(tab.page);
			await tab.page
				.getByRole("row", { name: /webhook\.test.*waits: paused/ })
				.first()
				.waitFor();
			await tab.close();
		});

		// The last one: what it sends again goes on, and stands in front of whatever came before.
		journey("a replay that is not at its end is on the page of its endpoint, which lets it go on", endpoint, async (page) => {
			const begin = {
				type: "webhookReplays",
				attributes: { kind: "events", includeDelivered: true, since: new Date(Date.now() - 30 * 86_400_000).toISOString() },
				relationships: { webhook: { data: { type: "webhooks", id: made.audit } } },
			};
			await until("a replay is paused before it is done", async () => {
				const { id } = (await made.owner("POST", "webhookReplays", { data: begin })).data;
				const pause = { data: { type: "webhookReplays", id, attributes: { state: "paused" } } };
				return made.owner("PATCH", `webhookReplays/${id}`, pause).catch(() => undefined);
			});
			await page.reload();
			const replays = page.getByRole("region", { name: "Being sent again" });
			await replays.getByText("Paused").waitFor();
			await replays.getByRole("button", { name: "Go on" }).click();
			await replays.getByText("Paused").waitFor({ state: "detached" });
		});
	});
}
