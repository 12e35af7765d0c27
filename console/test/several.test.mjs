// Several people at once, of whom one is at fault: nobody is changed, it is said whose row it is and why, and the others are done without them.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { databases, some } from "./program.mjs";
import { journeys } from "./journey.mjs";

const viewer = "00000000-0000-7000-8000-000000000005";

for (const database of some(databases, "several")) {
	describe(`several at once on ${database.name}`, () => {
		let service, made;

		const journey = journeys(database, (all) => ({ service, made } = all));

		/** Makes two people viewers at the head, and returns their names. */
		async function viewers() {
			const { owner, head } = made;
			const names = [];
			for (const email of [service.people.manager.email, service.people.member.email]) {
				const [user] = (await owner("GET", `users?filter[email]=${encodeURIComponent(email)}`)).data;
				names.push(user.attributes.fullName);
				const roles = { data: [{ type: "roles", id: viewer }] };
				const of = {
					user: { data: { type: "users", id: user.id } },
					organization: { data: { type: "organizations", id: head.id } },
				};
				await owner("POST", "memberships", { data: { type: "memberships", relationships: { ...of, roles } } });
			}
			return names;
		}

		journey(
			"one of several is the last owner: nobody is ended, the row says why, and without it the others are",
			() => `/organizations/${made.head.id}/people?from=here`,
			async (page) => {
				const names = await viewers();
				await page.reload(); // what others add waits until somebody asks for it
				const { email } = service.people.owner;
				const row = (text) => page.getByRole("row").filter({ hasText: text });
				for (const text of [email, ...names]) await row(text).getByRole("checkbox").check();
				await page.getByText("3 people selected").first().waitFor();
				await page.getByRole("button", { name: "End the memberships" }).click();
				const dialog = page.getByRole("dialog");
				await dialog.getByRole("button", { name: /^End/ }).click();
				await dialog.getByRole("alert").getByText("Nothing was changed: 1 row is at fault.").waitFor();
				const people = dialog.getByRole("list", { name: "People" }).getByRole("listitem");
				assert.match(await people.filter({ hasText: email }).textContent(), /last owner/);
				for (const name of names) assert.doesNotMatch(await people.filter({ hasText: name }).textContent(), /owner/);
				const there = async () =>
					(await made.owner("GET", `memberships?filter[organizationId]=${made.head.id}&page[size]=100`)).data.length;
				const before = await there();
				await dialog.getByRole("button", { name: "Cancel" }).click();
				await dialog.waitFor({ state: "detached" });
				for (const name of names) await row(name).waitFor();

				await row(email).getByRole("checkbox").uncheck();
				await page.getByText("2 people selected").first().waitFor();
				await page.getByRole("button", { name: "End the memberships" }).click();
				await dialog.getByRole("button", { name: /^End.*2 people/ }).click();
				await dialog.waitFor({ state: "detached" });
				for (const name of names) await row(name).waitFor({ state: "detached" });
				assert.equal(await there(), before - 2);
			},
			{ expected: [401, 404, 409] },
		);
	});
}
