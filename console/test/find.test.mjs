// What is found, where it leads, and what is never looked for; and what a page gives to a command line.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe } from "node:test";
import { promisify } from "node:util";
import { quiet, settled } from "./browser.mjs";
import { databases, some, until } from "./program.mjs";
import { journeys } from "./journey.mjs";

const run = promisify(execFile);

for (const database of some(databases, "find")) {
	describe(`finding on ${database.name}`, () => {
		let service, made;

		const journey = journeys(database, (all) => ({ service, made } = all));
		const here = () => `/organizations/${made.home.id}`;

		/** Types a text into Find, and returns the box. */
		const type = async (page, text) => {
			await page.keyboard.press("Control+k");
			const box = page.getByRole("dialog").getByRole("combobox");
			await box.fill(text);
			return box;
		};

		journey(
			"what has a name is found by it, whatever it is, and Enter that comes at once means what is found",
			() => "/people",
			async (page) => {
				await type(page, "Billing sync");
				await page.keyboard.press("Enter");
				await page.getByRole("heading", { name: "Billing sync", level: 1 }).waitFor();
				assert.ok(page.url().endsWith(`${here()}/webhooks/${made.billing}`), page.url());
				await type(page, "Accountant");
				await page.getByRole("option", { name: "Accountant" }).click();
				await page.getByRole("listitem").filter({ hasText: "Accountant" }).locator("[aria-current=true]").waitFor();
				await type(page, "Warehouse import");
				await page.keyboard.press("Enter");
				await page.getByRole("row", { name: /Warehouse import/ }).waitFor();
				// A word of a language that is put together before it is there ends with Enter, too.
				const box = await type(page, made.home.attributes.name);
				await page.getByRole("option", { name: made.home.attributes.name }).waitFor();
				await box.dispatchEvent("keydown", { key: "Enter", isComposing: true });
				await quiet(page);
				assert.equal(await page.getByRole("dialog").count(), 1);
			},
		);

		journey(
			"an id leads to what it is of, by Find and by its page",
			() => "/people",
			async (page) => {
				const [membership] = (await made.owner("GET", `memberships?filter[organizationId]=${made.home.id}&include=user`)).data;
				const [invitation] = (await made.owner("GET", `invitations?filter[organizationId]=${made.home.id}&filter[state]=pending`))
					.data;
				const [role] = (await made.owner("GET", `roles?filter[usableAt]=${made.home.id}`)).data.filter(
					(r) => !r.attributes.builtIn,
				);
				const delivery = `${here()}/webhooks/${made.billing}/deliveries/${made.delivery}`;
				for (const [id, path] of [
					[made.home.id, here()],
					[made.billing, `${here()}/webhooks/${made.billing}`],
					[made.delivery, delivery],
					[membership.id, `/people/${membership.relationships.user.data.id}`],
					[invitation.id, `${here()}/invitations`],
					[role.id, `/organizations/${role.relationships.organization.data.id}/roles?role=${role.id}`],
				]) {
					const there = () => until(`${id} leads to ${path}`, () => page.url().endsWith(`/console${path}`));
					await type(page, id.toUpperCase());
					await page.getByRole("dialog").getByRole("option").first().waitFor();
					await page.keyboard.press("Enter");
					await there();
					await page.goto(`${service.base}/console/find?q=${id}`);
					await there();
					await settled(page);
				}
			},
		);

		journey(
			"what cannot be looked for is said, and no page waits for what does not come",
			() => "/find",
			async (page) => {
				await page.locator("main").getByRole("button", { name: "Find or paste anything" }).waitFor();
				await page.goto(`${service.base}/console/find?q=${"a".repeat(300)}`);
				await page.locator("main").getByText("200 characters").first().waitFor();
				await type(page, "a".repeat(300));
				await page.getByRole("dialog").getByText("200 characters").waitFor();
			},
			{ expected: [400, 401, 404] },
		);

		journey(
			"a secret that is pasted into the field of a list gets into no URL and no request",
			() => "/people",
			async (page) => {
				const asked = [];
				page.on("request", (r) => asked.push(decodeURIComponent(r.url()) + (r.postData() ?? "")));
				const secrets = ["whsec_averysecretpart", "Bearer roster_m_AbCdEf123456_averysecretpart"];
				for (const path of ["/people", "/organizations", `${here()}/people`])
					for (const secret of secrets) {
						await page.goto(`${service.base}/console${path}`);
						const field = page.locator("main").getByRole("searchbox");
						await field.fill(secret);
						await page.locator(".toast", { hasText: "That is a secret: it is not looked for." }).waitFor();
						await field.fill("nobody");
						await until("the text is in the URL", () => page.url().includes("q=nobody"));
					}
				for (const secret of secrets) {
					await type(page, secret);
					await page
						.getByText(/That is a secret. It is not sent|Only its public part/)
						.first()
						.waitFor();
					await page.keyboard.press("Escape");
					await page.getByPlaceholder("Filter by name or number").fill(secret);
					await quiet(page);
				}
				assert.deepEqual(
					asked.filter((a) => a.includes("averysecretpart")),
					[],
				);
				await page.goBack();
				assert.ok(!page.url().includes("averysecretpart"));
			},
		);

		journey(
			"what is copied for a command line is one command, whatever was typed, and that of the tab",
			() => "/people?q=O'Brien",
			async (page) => {
				const copied = async () => {
					await page.keyboard.press("c");
					await page.getByText("copied").first().waitFor();
					const command = await page.evaluate(() => navigator.clipboard.readText());
					const { stdout } = await run("sh", ["-c", command.replace(/^curl -g/, "printf '%s\\n'")], { env: { KEY: "k" } });
					return stdout.trim().split("\n");
				};
				const [at, ...rest] = await copied();
				assert.match(at, /\?filter\[fullName\]\[contains\]=O'Brien&sort=/);
				assert.deepEqual(rest, ["-H", "Authorization: Bearer k"]);
				for (const [tab, what] of [
					["people", "memberships?filter[effectiveAt]="],
					["roles", "roles?"],
					["invitations", "invitations?"],
					["keys", "apiKeys?"],
					["webhooks", "webhooks?"],
					["events", "events?"],
					["settings", "organizations/"],
				]) {
					await page.goto(`${service.base}/console${here()}/${tab}`);
					await settled(page);
					const [url] = await copied();
					assert.ok(url.startsWith(`${service.base}/public/v2/${what}`), `${tab}: ${url}`);
				}
			},
			{ permissions: ["clipboard-read", "clipboard-write"] },
		);
	});
}
