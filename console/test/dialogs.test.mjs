// Every dialog and menu that a screen opens, in both schemes and widths: axe finds nothing, and nothing is wider than the window.

import { test } from "node:test";
import { look } from "./axe.mjs";
import { open, settled, signIn } from "./browser.mjs";
import { prepared } from "./journey.mjs";
import { some } from "./program.mjs";

const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
let service, made, browser;

prepared({ url: "" }, (all) => ({ service, made, browser } = all));

const press = (name) => (page) => page.getByRole("button", { name, exact: true }).first().click();
const choose = (menu, item) => async (page) => {
	await press(menu)(page);
	await page.getByRole("menuitem", { name: item, exact: true }).click();
};

/** What opens on a page below the organization, by how it is opened. */
const opened = [
	["webhooks", press("New endpoint")],
	["webhooks", press("Portal link")],
	[
		"webhooks",
		async (page) => {
			await press("New endpoint")(page);
			await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Typed");
			await page.keyboard.press("Escape");
			await page.getByRole("dialog", { name: "Leave what is not saved?" }).waitFor();
		},
	],
	["endpoint", press("Change")],
	["endpoint", choose("More actions", "Send an example of a type…")],
	["endpoint", choose("More actions", "Rotate the secret…")],
	["endpoint", choose("More actions", "Send again…")],
	["endpoint", choose("More actions", "Delete…")],
	["keys", press("New key")],
	["keys", choose("Actions for the key Warehouse import", "Rotate…")],
	["keys", choose("Actions for the key Warehouse import", "Revoke…")],
	["roles", press("New role")],
	["people", several("Give roles")],
	["people", several("Take roles")],
	["people", several("End the memberships")],
	["settings", press("Delete…")],
	[
		"settings",
		async (page) => {
			const file = { name: "a.png", mimeType: "image/png", buffer: Buffer.from(picture, "base64") };
			await page.getByLabel("Picture").setInputFiles(file);
		},
	],
];

function several(what) {
	return async (page) => {
		await page.getByRole("group", { name: "Which people" }).getByRole("button", { name: /^Here/ }).click();
		const rows = page.getByRole("checkbox", { name: /^Select (?!everybody)/ });
		await rows.first().check();
		await press(what)(page);
	};
}

const menus = [
	["endpoint", "More actions"],
	["keys", "Actions for the key Warehouse import"],
	["invitations", "Actions for t.okafor@example.com"],
];

for (const width of some([1440, 420], "dialogs")) {
	test(`dialogs, ${width} wide`, async (t) => {
		const tab = await open(browser, service.base, { width });
		const { page } = tab;
		await signIn(page, service.base, service.people.owner.email);
		const go = async (tabOf) => {
			const path = tabOf === "endpoint" ? `webhooks/${made.billing}` : tabOf;
			await page.goto(`${service.base}/console/organizations/${made.home.id}/${path}`);
			await settled(page);
		};
		for (const [i, [at, act]] of opened.entries()) {
			await t.test(`${i + 1}, of ${at}`, async () => {
				await go(at);
				await act(page);
				await page.getByRole("dialog").waitFor();
				await settled(page);
				await look(page, at);
			});
		}
		for (const [at, label] of menus) {
			await t.test(`menu ${label}`, async () => {
				await go(at);
				await press(label)(page);
				await page.getByRole("menu").waitFor();
				await look(page, label);
			});
		}
		await tab.close();
	});
}
