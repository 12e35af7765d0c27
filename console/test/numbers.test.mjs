// Two numbers on a page agree, or say what they count; what a list has not is said once; and what there is to choose is seen on a phone as well.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./browser.mjs";
import { journeys } from "./journey.mjs";
import { databases, some } from "./program.mjs";

for (const database of some(databases, "numbers")) {
	describe(`numbers on ${database.name}`, () => {
		let service, made;
		const journey = journeys(database, (all) => ({ service, made } = all));

		const home = () => `/organizations/${made.home.id}`;
		const numbers = async (page, what) =>
			(await page.locator("main").getByText(what).allTextContents()).map((text) => text.match(/\d+/g).map(Number));

		journey(
			"people are counted, each once, and not what they hold",
			() => `${home()}/people`,
			async (page) => {
				const { owner } = made;
				// Somebody who holds something above gets something here as well: one person, two memberships.
				const above = (await owner("GET", `memberships?filter[organizationId]=${made.head.id}&include=user,roles`)).data;
				const here = (await owner("GET", `memberships?filter[organizationId]=${made.home.id}`)).data;
				const user = (m) => m.relationships.user.data.id;
				const both = above.find((m) => !here.some((h) => user(h) === user(m)));
				const role = (await owner("GET", `roles?filter[usableAt]=${made.home.id}&filter[key]=viewer`)).data[0];
				await owner("POST", "memberships", {
					data: {
						type: "memberships",
						relationships: {
							user: { data: { type: "users", id: user(both) } },
							organization: { data: { type: "organizations", id: made.home.id } },
							roles: { data: [{ type: "roles", id: role.id }] },
						},
					},
				});
				await page.reload();
				await settled(page);
				const which = page.getByRole("group", { name: "Which people" });
				for (const part of ["All", "Here", "From above"]) {
					const choice = which.getByRole("button", { name: new RegExp(`^${part}`) });
					await choice.click();
					await settled(page);
					const said = Number((await choice.textContent()).match(/\d+/)[0]);
					assert.equal(await page.locator("tbody tr").count(), said, part);
					assert.deepEqual(await numbers(page, /^\d+ people$/), [[said]], part);
				}
				const tab = await page.getByRole("navigation", { name: made.home.attributes.name }).getByRole("link", { name: /^People/ });
				assert.match(await tab.textContent(), new RegExp(`^People${here.length + 1} here$`));
				await which.getByRole("button", { name: /^All/ }).click();
				await page.getByRole("searchbox", { name: "Find people" }).fill("viewer");
				const [[shown, of]] = await numbers(page, /^\d+ of \d+ people$/);
				assert.equal(await page.locator("tbody tr").count(), shown);
				assert.equal(of, Number((await which.getByRole("button", { name: /^All/ }).textContent()).match(/\d+/)[0]));
			},
		);

		journey("what is right below is told from all that is below", home, async (page) => {
			const { children, descendants } = (await made.owner("GET", `organizations/${made.home.id}?withCounts=children,descendants`))
				.data.meta.counts;
			const below = page.getByRole("region", { name: "Below" });
			assert.equal(await below.locator("tbody tr").count(), Math.min(children, 8));
			if (descendants > children) await below.getByText(`${children} right below, ${descendants} in all`).waitFor();
			const row = page.getByRole("treeitem", { name: new RegExp(made.home.attributes.name) });
			assert.match(await row.textContent(), new RegExp(`${descendants}$`));
		});

		journey(
			"of what one may not see, a page says that alone",
			() => "/organizations",
			async (page) => {
				for (const list of ["keys", "deliveries", "events", "people"]) {
					await page.goto(`${service.base}/console/${list}`);
					await page.locator("main h1").waitFor();
					await settled(page);
					if ((await page.getByText("You may not see any").count()) === 0) continue;
					const said = await page.locator("main").innerText();
					assert.doesNotMatch(said, /\d|Nothing|nothing|that you may see/, list);
					assert.equal(await page.getByRole("group", { name: "Filters" }).count(), 0, list);
				}
				await page.goto(`${service.base}/console/keys`);
				await page.getByRole("heading", { name: "You may not see any keys" }).waitFor();
			},
			{ as: "viewer", expected: [401, 403, 404] },
		);

		journey(
			"on a phone every choice of a filter is seen, and Find is where nothing is",
			() => "/organizations",
			async (page) => {
				for (const path of [`${home()}/people`, `${home()}/invitations`, `${home()}/events`, "/deliveries", "/events", "/keys"]) {
					await page.goto(`${service.base}/console${path}`);
					await settled(page);
					const hidden = await page.locator("main .segments button").evaluateAll((all) =>
						all.filter((b) => {
							const { left, right } = b.getBoundingClientRect();
							const around = b.parentElement.getBoundingClientRect();
							return left < around.left - 1 || right > around.right + 1 || right > innerWidth;
						}),
					);
					assert.equal(hidden.length, 0, path);
				}
				for (const path of [
					"/nowhere",
					"/people/01912f6a-8c00-7abc-8def-0123456789ab",
					"/a%2fb",
					"/organizations/%00/people",
					"/people/..%2f..%2fpublic",
					`${home()}/keys/nothing`,
					`${home()}/webhooks/${made.audit}/nothing`,
				]) {
					await page.goto(`${service.base}/console${path}`);
					await page.getByRole("heading", { name: "Nothing here" }).waitFor();
					await page.locator("main").getByRole("button", { name: "Find or paste anything" }).tap();
					await page.getByRole("combobox", { name: "Find or paste anything" }).fill(made.home.id);
					await page.getByRole("option", { name: made.home.attributes.name }).tap();
					await page.getByRole("heading", { name: made.home.attributes.name, level: 1 }).waitFor();
				}
			},
			{ width: 360, hasTouch: true, isMobile: true },
		);

		journey(
			"on a phone rows say when a key or an invitation ends, when a session was used, and when something was delivered",
			() => "/keys",
			async (page) => {
				for (const [path, row, said] of [
					["/keys", "Warehouse import", ["in 6 days", "never"]],
					[`${home()}/keys`, "Warehouse import", ["in 6 days", "never"]],
					[`${home()}/invitations`, "t.okafor@example.com", ["in 7 days", /, \d\d:\d\d$/]],
					["/account/sessions", "this one", ["just now"]],
					["/deliveries", "Billing sync", [/^\d\d:\d\d$/]],
				]) {
					await page.goto(`${service.base}/console${path}`);
					const shown = page.getByRole("row").filter({ hasText: row }).first();
					for (const text of said) await shown.getByText(text).filter({ visible: true }).first().waitFor();
				}
			},
			{ width: 360, hasTouch: true, isMobile: true },
		);
	});
}
