// Every screen, in both schemes and widths: axe finds nothing, nothing is wider than the window, and nothing goes wrong in the page.

import { test } from "node:test";
import { look } from "./axe.mjs";
import { open, settled, signIn } from "./browser.mjs";
import { prepared } from "./journey.mjs";
import { screens } from "./scene.mjs";

let service, made, browser;

prepared({ url: "" }, (all) => ({ service, made, browser } = all));

for (const width of [1440, 420]) {
	test(`screens, ${width} wide`, async (t) => {
		const tab = await open(browser, service.base, { width });
		await tab.page.goto(`${service.base}/console/sign-in`);
		await settled(tab.page);
		await look(tab.page, "sign-in");
		await signIn(tab.page, service.base, service.people.owner.email);
		for (const [name, path] of Object.entries(screens(made))) {
			await t.test(name, async () => {
				await tab.page.goto(`${service.base}/console${path}`);
				await settled(tab.page);
				await look(tab.page, name);
			});
		}
		await t.test("dialogs", async () => {
			await tab.page.goto(`${service.base}/console/organizations/${made.home.id}`);
			await settled(tab.page);
			for (const [key, title] of [
				["i", "Invite to"],
				["m", "Move"],
				["n", "New organization"],
				["?", "Keys of this page"],
				["/", "Find or paste anything"],
			]) {
				await tab.page.locator("main h1").focus();
				await tab.page.keyboard.press(key);
				await tab.page.getByRole("dialog", { name: title }).waitFor();
				await settled(tab.page);
				await look(tab.page, title);
				await tab.page.keyboard.press("Escape");
				await tab.page.getByRole("dialog").waitFor({ state: "detached" });
			}
		});
		await tab.close();
	});
}

for (const width of [1440, 420]) {
	test(`states, ${width} wide`, async () => {
		const pictures = process.env.ROSTER_CONSOLE_PICTURES;
		const see = (page, name) =>
			look(page, name, async (scheme) => {
				if (pictures) await page.screenshot({ path: `${pictures}/${name}-${scheme}-${width}.png` });
			});
		const tab = await open(browser, service.base, { width });
		const { page } = tab;
		await signIn(page, service.base, service.people.owner.email, `/organizations/${made.below.id}/settings`);
		await settled(page);
		if (width < 960) {
			await page.getByRole("button", { name: "Open navigation" }).click();
			await page.getByRole("dialog", { name: "Navigation" }).waitFor();
			await see(page, "drawer");
			await page.keyboard.press("Escape");
		}
		await page.getByLabel("Description").fill("Not saved");
		await page.getByRole("link", { name: "Overview" }).click();
		await page.getByRole("dialog", { name: "Leave what is not saved?" }).waitFor();
		await see(page, "leave");
		await page.getByRole("button", { name: "Leave, and lose it" }).click();
		await page.getByRole("heading", { name: "Facts" }).waitFor();
		await page.locator("main h1").focus();
		await page.keyboard.press("m");
		const dialog = page.getByRole("dialog", { name: /^Move/ });
		await dialog.getByRole("combobox").fill(made.head.attributes.name.split(" ")[0]);
		await dialog.getByRole("option").nth(1).waitFor();
		await see(page, "move-looked-up");
		await dialog.getByRole("option", { name: made.head.attributes.name }).first().click();
		await dialog
			.getByRole("heading", { name: /something/ })
			.first()
			.waitFor();
		await see(page, "move-preview");
		await tab.close();

		const viewer = await open(browser, service.base, { width });
		await signIn(viewer.page, service.base, service.people.viewer.email, "/keys");
		await viewer.page.getByText(/It takes apiKeys:read/).waitFor();
		await see(viewer.page, "withheld-everywhere");
		await viewer.page.getByRole("link", { name: /^people of/ }).click();
		await viewer.page.waitForURL(/\/people$/);
		await viewer.page.goto(viewer.page.url().replace(/people$/, "keys"));
		await viewer.page.locator(".givers").waitFor();
		await see(viewer.page, "withheld");
		await viewer.close();

		const manager = await open(browser, service.base, { width });
		await manager.page.goto(`${service.base}/console/sign-in`);
		await manager.page.getByRole("button", { name: "Use a management key" }).click();
		await manager.page.getByLabel("Key").fill(await service.managementKey(`Console ${width}`));
		await manager.page.keyboard.press("Enter");
		await manager.page.getByText(/You act as.*It ends/).waitFor();
		await settled(manager.page);
		await see(manager.page, "by-key");
		await manager.close();
	});
}
