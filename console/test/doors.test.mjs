// The doors that mails lead to: invitations and password resets, against the real program and a mail server.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { launch, open, settled, signIn } from "./browser.mjs";
import { freePort, mailServer } from "./mail.mjs";
import { databases, password, session, some, start } from "./program.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const database of some(databases, "doors")) {
	describe(`doors on ${database.name}`, () => {
		let service, mail, browser, owner, home;

		before(async () => {
			mail = await mailServer();
			const base = `127.0.0.1:${await freePort()}`;
			service = await start(database, {
				address: base,
				args: [...mail.args, "--base-url", `http://${base}`, "--rate-limit", "0"],
			});
			owner = await session(service.base, service.people.owner.email);
			home = (await owner("GET", "organizations?sort=name&page[size]=100")).data.find(
				(o) => o.attributes.name === service.people.administrator.at,
			);
			browser = await launch();
		});

		after(async () => {
			await browser?.close();
			await service?.stop();
			await mail?.close();
		});

		/** Invites an address and returns the link that came. */
		const invite = async (email, message) => {
			await owner("POST", "invitations", {
				data: {
					type: "invitations",
					attributes: { email, message },
					relationships: { organization: { data: { type: "organizations", id: home.id } } },
				},
			});
			const link = await mail.link(email);
			assert.ok(link.startsWith(`${service.base}/console/invitation#token=roster_i_`), link);
			return link;
		};

		/** Makes sure that a page has nothing that axe finds, and that no token is left in its address. */
		const clean = async (page) => {
			await settled(page);
			assert.ok(!page.url().includes("#") && !page.url().includes("roster_"), page.url());
			await page.evaluate(axe);
			const found = await page.evaluate(async () => {
				const { violations } = await window.axe.run(document);
				return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
			});
			assert.deepEqual(found, []);
		};

		test("somebody new joins by the link of a mail, with the keyboard alone", async () => {
			const link = await invite("grace@example.com", "<b>Welcome</b> aboard!");
			const tab = await open(browser, service.base, { expected: [401, 404, 422] });
			const { page } = tab;
			await page.goto(link);
			await page.getByRole("heading", { name: `Join ${home.attributes.name}`, level: 1 }).waitFor();
			await page.getByText("<b>Welcome</b> aboard!").waitFor(); // as it was typed
			await page.getByText("Member").waitFor();
			await clean(page);
			await page.getByLabel("First name").focus();
			await page.keyboard.type("Grace");
			await page.keyboard.press("Tab");
			await page.keyboard.type("Hopper");
			await page.keyboard.press("Tab");
			await page.keyboard.type("short");
			await page.keyboard.press("Enter");
			await page.locator("[aria-invalid]").waitFor();
			await clean(page);
			await page.getByLabel("Password").fill(password);
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { name: `You are a member of ${home.attributes.name}` }).waitFor();
			await clean(page);
			await page.getByRole("link", { name: "Go there" }).press("Enter");
			await page.getByRole("heading", { name: home.attributes.name, level: 1 }).waitFor();
			await page.goto(link);
			await page.getByRole("heading", { name: "This link does not work" }).waitFor();
			await clean(page);
			await tab.close();
		});

		test("who has an account signs in at the door, and joins", async () => {
			const { email } = service.people.director;
			const link = await invite(email);
			const tab = await open(browser, service.base);
			const { page } = tab;
			await page.goto(link);
			await page.getByText("There is an account with your address").waitFor();
			assert.equal(await page.getByLabel("E-mail").inputValue(), email);
			await clean(page);
			await page.getByLabel("Password").fill(password);
			await page.keyboard.press("Enter");
			await page.getByRole("button", { name: /^Join as / }).click();
			await page.getByRole("heading", { name: /You are a member of/ }).waitFor();
			await tab.close();
		});

		test("the wrong account is told which address it is for, and finds the way", async () => {
			const right = service.people.manager.email;
			const link = await invite(right);
			const tab = await open(browser, service.base);
			const { page } = tab;
			await signIn(page, service.base, service.people.accountant.email);
			await page.goto(link);
			await page.getByText(`This invitation is for ${right}`).waitFor();
			await page.getByText(service.people.accountant.email).first().waitFor();
			await clean(page);
			await page.getByRole("button", { name: `Sign in as ${right}` }).click();
			await page.getByLabel("Password").fill(password);
			await page.keyboard.press("Enter");
			await page.getByRole("button", { name: /^Join as / }).click();
			await page.getByRole("heading", { name: /You are a member of/ }).waitFor();
			// Somebody new, while another one is signed in.
			await page.goto(await invite("alan@example.com"));
			await page.getByRole("button", { name: "Sign out, and join as alan@example.com" }).click();
			await page.getByLabel("First name").fill("Alan");
			await page.getByLabel("Last name").fill("Turing");
			await page.getByLabel("Password").fill(password);
			await page.getByRole("button", { name: "Join", exact: true }).click();
			await page.getByRole("heading", { name: /You are a member of/ }).waitFor();
			await tab.close();
		});

		test("declining is asked twice, and ends the link", async () => {
			const link = await invite("nobody@example.com");
			const tab = await open(browser, service.base);
			const { page } = tab;
			await page.goto(link);
			await page.getByRole("button", { name: "I do not want to join" }).click();
			await page.getByRole("button", { name: "Not yet" }).click();
			await page.getByRole("button", { name: "I do not want to join" }).click();
			await clean(page);
			await page.getByRole("button", { name: "Decline for good" }).click();
			await page.getByRole("heading", { name: "You have declined" }).waitFor();
			await page.reload();
			await page.getByText("Open its link as it was sent to you.").waitFor();
			await clean(page);
			await tab.close();
		});

		test("a forgotten password is set by the link of a mail", async () => {
			const { email } = service.people.member;
			const tab = await open(browser, service.base, { expected: [401, 404, 422] });
			const { page } = tab;
			await page.goto(`${service.base}/console/reset`);
			await clean(page);
			await page.getByLabel("E-mail").fill(email);
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { name: "Look in your mail" }).waitFor();
			await clean(page);
			const link = await mail.link(email);
			assert.ok(link.startsWith(`${service.base}/console/reset#token=roster_p_`), link);
			await page.goto("about:blank");
			await page.goto(link);
			await page.getByRole("heading", { name: "Set another password" }).waitFor();
			await clean(page);
			await page.getByLabel("New password").fill("short");
			await page.keyboard.press("Enter");
			await page.locator("[aria-invalid]").waitFor();
			await page.getByLabel("New password").fill("another correct horse");
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { name: "Your password is set" }).waitFor();
			await clean(page);
			await page.goto("about:blank");
			await page.goto(link);
			await page.getByLabel("New password").fill("another correct horse");
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { name: "This link does not work" }).waitFor();
			await clean(page);
			await page.goto(`${service.base}/console/sign-in`);
			await page.getByLabel("E-mail").fill(email);
			await page.getByLabel("Password").fill("another correct horse");
			await page.getByRole("button", { name: "Sign in" }).click();
			await page.locator(".frame h1").first().waitFor();
			const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }));
			assert.ok(!kept.includes("roster_p_") && !kept.includes("correct horse"), kept);
			await tab.close();
		});

		test("the doors are whole in both widths and schemes", async () => {
			const link = await invite("many@example.com", "x".repeat(300));
			for (const [scheme, width] of [
				["light", 420],
				["dark", 420],
				["dark", 1440],
			]) {
				const tab = await open(browser, service.base, { scheme, width });
				for (const to of [link, `${service.base}/console/reset#token=roster_p_x`, `${service.base}/console/invitation`]) {
					await tab.page.goto("about:blank");
					await tab.page.goto(to);
					await tab.page.locator("h1").waitFor();
					await clean(tab.page);
					const over = await tab.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
					assert.ok(over <= 0, `${to} is ${over} pixels too wide`);
					if (process.env.ROSTER_PICTURES)
						await tab.page.screenshot({
							path: `${process.env.ROSTER_PICTURES}/${scheme}-${width}-${to.length}.png`,
							fullPage: true,
						});
				}
				await tab.close();
			}
		});
	});
}
