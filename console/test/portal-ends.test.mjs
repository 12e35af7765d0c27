// A portal that ends, or loses what it shows, while somebody works in it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, open, settled } from "./browser.mjs";
import { databases, some, start, until } from "./program.mjs";
import { scene } from "./scene.mjs";

for (const database of some(databases, "portal-ends")) {
	describe(`a portal that ends, on ${database.name}`, () => {
		let service, made, browser;

		before(async () => {
			service = await start(database, { args: ["--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0"] });
			made = await scene(service);
			browser = await launch();
		});

		after(async () => {
			await browser?.close();
			await made?.close();
			await service?.stop();
		});

		const dialog = (page) => page.getByRole("dialog");
		const look = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

		/** Opens a link, with what can be done with it, and returns its page and its id. */
		async function portal(options) {
			const to = { organization: { data: { type: "organizations", id: made.home.id } } };
			const { data } = await made.owner("POST", "portalLinks", {
				data: { type: "portalLinks", attributes: { name: "Customer" }, relationships: to },
			});
			const tab = await open(browser, service.base, options);
			await tab.page.goto(data.attributes.url);
			await tab.page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
			await settled(tab.page);
			return { ...tab, link: data.id };
		}

		async function endpoint(name) {
			const to = { organization: { data: { type: "organizations", id: made.home.id } } };
			const attributes = { name, url: made.well.url, eventTypes: ["organization.*"] };
			return (await made.owner("POST", "webhooks", { data: { type: "webhooks", attributes, relationships: to } })).data.id;
		}

		test("what was typed when it ends stays, and the page says what became of it", async () => {
			const { page, link, close } = await portal();
			await page.getByRole("button", { name: "New endpoint" }).click();
			await dialog(page).getByLabel("Name", { exact: true }).fill("Typed");
			await dialog(page).getByLabel("URL", { exact: true }).fill("https://example.com/typed");
			await made.owner("DELETE", `portalLinks/${link}`);
			await dialog(page).getByRole("button", { name: "Make it" }).click();
			await dialog(page).getByText("Nothing was done: this link has ended.").waitFor();
			assert.equal(await dialog(page).getByLabel("URL", { exact: true }).inputValue(), "https://example.com/typed");
			await dialog(page).getByRole("button", { name: "Cancel" }).click();
			await dialog(page).waitFor({ state: "detached" });
			await until("it says that it has ended", async () => {
				await look(page);
				return page
					.getByText(/^This link has ended/)
					.first()
					.isVisible();
			});
			await close();
		});

		test("who does nothing when it ends is told so in one page", async () => {
			const { page, link, close } = await portal();
			await made.owner("DELETE", `portalLinks/${link}`);
			await until("it is told", async () => {
				await look(page);
				return page.getByRole("heading", { name: "This link has ended" }).isVisible();
			});
			assert.equal(await page.getByRole("button").count(), 0);
			await close();
		});

		test("Back asks before what is typed is lost", async () => {
			const { page, close } = await portal();
			await page.getByRole("link", { name: "Event types" }).click();
			await page.getByRole("heading", { name: "Event types", level: 1 }).waitFor();
			await page.getByRole("link", { name: "Endpoints" }).click();
			await page.getByRole("button", { name: "New endpoint" }).click();
			await dialog(page).getByLabel("Name", { exact: true }).fill("Typed");
			await page.goBack();
			const ask = page.getByRole("dialog", { name: "Leave what is not saved?" });
			await ask.getByRole("button", { name: "Stay here" }).click();
			assert.equal(await dialog(page).getByLabel("Name", { exact: true }).inputValue(), "Typed");
			await page.goBack();
			await ask.getByRole("button", { name: "Leave, and lose it" }).click();
			await page.getByRole("heading", { name: "Event types", level: 1 }).waitFor();
			await close();
		});

		test("what is deleted elsewhere is gone, and a path that leads nowhere says so, without a way out", async () => {
			const id = await endpoint("Deleted elsewhere");
			const { page, link, close } = await portal();
			await page.getByRole("link", { name: "Deleted elsewhere" }).click();
			await page.getByRole("heading", { name: "Deleted elsewhere", level: 1 }).waitFor();
			await made.owner("DELETE", `webhooks/${id}`);
			await page.getByRole("button", { name: "Pause" }).click();
			await page.getByRole("heading", { name: "Nothing here" }).waitFor();
			await page.goto(`${service.base}/console/portal/${link}/organizations%2f..%2f..`);
			await page.getByRole("heading", { name: "Nothing here" }).waitFor();
			assert.equal(await page.getByRole("button", { name: /Find/ }).count(), 0);
			await close();
		});

		test("a link that looks and changes nothing has each action with its reason", async () => {
			const to = { organization: { data: { type: "organizations", id: made.home.id } } };
			const id = await endpoint("Only looked at");
			const attributes = { name: "Looks", permissions: ["webhooks:read", "events:read"] };
			const { data } = await made.owner("POST", "portalLinks", { data: { type: "portalLinks", attributes, relationships: to } });
			const { page, close } = await open(browser, service.base, { width: 420 });
			await page.goto(data.attributes.url);
			await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
			await settled(page);
			assert.match(await page.getByRole("button", { name: /^New endpoint/ }).textContent(), /It takes webhooks:write here/);
			await page.getByRole("link", { name: "Only looked at" }).click();
			await page.getByRole("heading", { name: "Only looked at", level: 1 }).waitFor();
			await settled(page);
			for (const name of [/^Send a test/, /^Pause/, /^Change/]) {
				const button = page.getByRole("button", { name });
				assert.match(await button.textContent(), /It takes/);
				await button.dispatchEvent("click"); // by hand nothing that is off is pressed
			}
			await settled(page);
			assert.equal(await dialog(page).count(), 0);
			assert.equal((await made.owner("GET", `webhooks/${id}`)).data.attributes.status, "active");
			await close();
		});
	});
}
