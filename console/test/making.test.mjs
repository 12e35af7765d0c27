// Making and changing endpoints and roles, by the keyboard alone, against the real program on each database; and as somebody who may not.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { open, tabTo } from "./browser.mjs";
import { databases, receiver, session, some, until } from "./program.mjs";
import { journeys } from "./journey.mjs";

const hostile = "<img src=x onerror=alert(1)> \"'&";

/** A PNG of 300 by 200 pixels. */
const picture =
	"iVBORw0KGgoAAAANSUhEUgAAASwAAADIAQMAAABoEU4WAAAABlBMVEUdTon2ri2pr3VjAAAAK0lEQVR42u3KMREAAAgEoG9g/7S6eg4mgJkEAIBX9aJpmqZpmqZpmgYAwDXfHsEeqAivzQAAAABJRU5ErkJggg==";

for (const database of some(databases, "making")) {
	describe(`on ${database.name}`, () => {
		let service, made, browser;

		const journey = journeys(database, (all) => ({ service, made, browser } = all));

		const press = async (page, role, name) => {
			const exact = typeof name === "string";
			await tabTo(page, page.getByRole(role, { name, exact }));
			await page.keyboard.press("Enter");
		};
		const type = async (page, label, text) => {
			await tabTo(page, page.getByRole("dialog").getByLabel(label, { exact: true }));
			await page.keyboard.press("Control+a");
			await page.keyboard.type(text);
		};

		journey(
			"an endpoint is made by keys alone, its faults stand beside their fields, and its secret is shown once",
			() => `/organizations/${made.home.id}/webhooks`,
			async (page) => {
				const well = await receiver(200);
				await press(page, "button", "New endpoint");
				const dialog = page.getByRole("dialog");
				await type(page, "Name", hostile);
				await type(page, "URL", well.url);
				await press(page, "button", "Chosen types");
				assert.match(await dialog.getByRole("button", { name: /^Make it/ }).textContent(), /Choose a type/);
				await tabTo(page, dialog.getByRole("checkbox", { name: /^user\.created/ }));
				await page.keyboard.press("Space");
				await tabTo(page, dialog.getByRole("button", { name: "How it is sent" }));
				await page.keyboard.press("Enter");
				await type(page, "Rate", "0");
				await type(page, "Headers", "X-Tenant: 42");
				await page.keyboard.press("Shift+Tab");
				await page.keyboard.press("Enter"); // in a field it sends the form
				await dialog.getByText("rate must be 1 to 10000 deliveries a second.").waitFor();
				await until("the field at fault has the focus", () => page.evaluate(() => document.activeElement?.value === "0"));
				await page.keyboard.press("Control+a");
				await page.keyboard.type("50");
				await page.keyboard.press("Enter");
				const shown = page.getByRole("dialog", { name: /^The secret of/ });
				const secret = await shown.locator(".secret span").first().textContent();
				assert.match(secret, /^whsec_/);
				await page.keyboard.press("Escape");
				assert.equal(await shown.isVisible(), true, "Escape loses a secret that nobody has stored");
				await press(page, "button", "I have stored it");
				await page.getByRole("heading", { name: "<img src=x", level: 1 }).waitFor();
				assert.ok(!(await page.content()).includes(secret), "the secret stays in the page");
				assert.equal(await page.locator("main img").count(), 0);
				const id = page.url().split("/").at(-1);
				const { data } = await made.owner("GET", `webhooks/${id}`);
				assert.deepEqual(
					[data.attributes.name, data.attributes.eventTypes, data.attributes.rate, data.attributes.headers],
					[hostile, ["user.created"], 50, ["X-Tenant: (secret)"]],
				);
				await press(page, "button", "Send a test");
				await page.getByRole("link", { name: /webhook\.test/ }).waitFor();
				await until("the test came", () => well.state.got > 0);

				await press(page, "button", "Change");
				await press(page, "button", "How it is sent");
				await type(page, "Rate", "");
				await page.keyboard.press("Backspace");
				await press(page, "button", "Save 1 change");
				await page.getByText("no limit").waitFor();
				await until("it is saved", async () => (await made.owner("GET", `webhooks/${id}`)).data.attributes.rate === null);
				const after = await made.owner("GET", `webhooks/${id}`);
				assert.deepEqual([after.data.attributes.rate, after.data.attributes.headers], [null, ["X-Tenant: (secret)"]]);
				await well.close();
			},
			{ expected: [401, 404, 422] },
		);

		journey(
			"a secret is rotated, each attempt says what signed it, and the old one is ended early",
			() => `/organizations/${made.home.id}/webhooks/${made.audit}`,
			async (page) => {
				await press(page, "button", "Rotate");
				const dialog = page.getByRole("dialog");
				await tabTo(page, dialog.getByLabel("Overlap"));
				await page.keyboard.press("ArrowUp");
				await press(page, "button", "Rotate, both work for an hour");
				await press(page, "button", "I have stored it");
				await page.getByText("The one before").waitFor();
				await page.getByText(/works until .*, in (an hour|60 minutes|1 hour)/).waitFor();
				await press(page, "button", "Send a test");
				const tests = page.getByRole("link", { name: /webhook\.test/ });
				await tests.getByText("200").waitFor();
				await tests.first().click();
				await page.getByText("signed with the newest secret and the secret before").waitFor();
				await page.goBack();
				await press(page, "button", "End the old one");
				await dialog.getByText("refuses every message from now on").waitFor();
				await press(page, "button", "End the old one now");
				await page.getByText("The one before").waitFor({ state: "detached" });
				const { data } = await made.owner("GET", `webhooks/${made.audit}`);
				assert.equal(data.attributes.secrets.length, 1);
			},
		);

		journey(
			"two people change an endpoint, and neither loses it",
			() => `/organizations/${made.home.id}/webhooks/${made.audit}`,
			async (page) => {
				await page.getByRole("button", { name: "Change", exact: true }).click();
				const form = page.getByRole("dialog", { name: "Change Audit" });
				await form.getByLabel("Name").fill("Mine");
				await form.getByRole("button", { name: "Chosen types" }).click();
				await form.getByRole("checkbox", { name: /^organization\.\*/ }).check();
				const data = (attributes) => ({ data: { type: "webhooks", id: made.audit, attributes } });
				await made.owner("PATCH", `webhooks/${made.audit}`, data({ name: "Theirs", rate: 7 }));
				await form.getByRole("button", { name: "Save 2 changes" }).click();
				const merge = page.getByRole("dialog", { name: "Somebody else has changed it" });
				await merge.getByLabel(/theirs Theirs/).check();
				await merge.getByRole("button", { name: "Save 1 of yours" }).click();
				await page.getByRole("heading", { name: "Theirs", level: 1 }).waitFor();
				const now = (await made.owner("GET", `webhooks/${made.audit}`)).data.attributes;
				assert.deepEqual([now.name, now.eventTypes, now.rate], ["Theirs", ["organization.*"], 7]);
				await made.owner("PATCH", `webhooks/${made.audit}`, data({ name: "Audit", eventTypes: [], rate: null }));
			},
			{ expected: [401, 404, 412] },
		);

		journey(
			"what failed is counted, sent again, and shown as it goes",
			() => `/organizations/${made.home.id}/webhooks/${made.audit}`,
			async (page) => {
				await press(page, "button", "More actions");
				await page.getByRole("menuitem", { name: "Send again…" }).waitFor();
				await page.keyboard.press("ArrowDown");
				await page.keyboard.press("Home");
				await page.keyboard.press("ArrowDown");
				await page.keyboard.press("Enter");
				const dialog = page.getByRole("dialog", { name: "Send again" });
				await dialog.getByText("None has failed in that time").first().waitFor();
				await tabTo(page, dialog.getByLabel("What"));
				await page.keyboard.press("End");
				const before = made.well.state.got;
				await press(page, "button", "Send again");
				const progress = page.getByRole("dialog", { name: "Being sent again" });
				await progress.getByText("All looked through").waitFor();
				await progress.getByText(/\d+ delivered/).waitFor();
				assert.ok(made.well.state.got > before);
				await press(page, "button", "Close");
			},
		);

		journey(
			"an endpoint is deleted by its name, with what is lost on the button",
			() => `/organizations/${made.home.id}/webhooks`,
			async (page) => {
				const { data } = await made.owner("POST", "webhooks", {
					data: {
						type: "webhooks",
						attributes: { name: "Short-lived", url: made.bad.url },
						relationships: { organization: { data: { type: "organizations", id: made.home.id } } },
					},
				});
				await made.owner("PATCH", `organizations/${made.home.id}`, {
					data: { type: "organizations", id: made.home.id, attributes: { description: `Depot ${data.id}` } },
				});
				await until("a message waits", async () => {
					const now = await made.owner("GET", `webhooks/${data.id}`);
					return now.data.attributes.health.backlog > 0;
				});
				await page.goto(`${service.base}/console/organizations/${made.home.id}/webhooks/${data.id}`);
				await press(page, "button", "More actions");
				await page.getByRole("menuitem", { name: "Delete…" }).waitFor();
				await page.keyboard.press("End");
				await page.keyboard.press("Enter");
				const remove = page.getByRole("button", { name: "Delete it, and lose 1 message" });
				await remove.waitFor();
				assert.equal(await remove.getAttribute("aria-disabled"), "true");
				await tabTo(page, page.getByRole("dialog").getByLabel("Type Short-lived"));
				await page.keyboard.type("Short-lived");
				await press(page, "button", "Delete it, and lose 1 message");
				await page.getByRole("link", { name: "Audit" }).waitFor();
				await assert.rejects(made.owner("GET", `webhooks/${data.id}`), /404/);
			},
		);

		journey(
			"a role is made, changed with those it changes on the button, and replaced when it is deleted, by keys alone",
			() => `/organizations/${made.home.id}/roles`,
			async (page) => {
				await press(page, "button", "New role");
				const dialog = page.getByRole("dialog");
				await type(page, "Name", `Bücher ${hostile}`);
				assert.equal(await dialog.getByLabel("Key", { exact: true }).inputValue(), "bucher-img-src-x-onerror-alert-1");
				await tabTo(page, dialog.getByRole("checkbox", { name: "users:write" }));
				await page.keyboard.press("Space");
				assert.equal(await dialog.getByRole("checkbox", { name: "users:read" }).isChecked(), true, "writing includes reading");
				await tabTo(page, dialog.getByLabel(/Other permissions/));
				await page.keyboard.type("invoices:approve");
				await page.keyboard.press("Enter");
				await press(page, "button", "Make it");
				await dialog.waitFor({ state: "detached" });
				await page.getByRole("heading", { name: "Bücher", level: 2 }).waitFor();
				const { data: roles } = await made.owner("GET", "roles?filter[key]=bucher-img-src-x-onerror-alert-1");
				assert.deepEqual(roles[0].attributes.permissions, ["invoices:approve", "users:write"]);
				const role = { type: "roles", id: roles[0].id };

				const at = `memberships?filter[organizationId]=${made.home.id}&filter[roles]=00000000-0000-7000-8000-000000000004`;
				const [member] = (await made.owner("GET", at)).data;
				await made.owner("POST", `memberships/${member.id}/relationships/roles`, { data: [role] });
				await page.reload();
				await page.getByRole("heading", { name: "Held by" }).waitFor();

				await press(page, "button", "Change");
				await tabTo(page, dialog.getByRole("checkbox", { name: "events:read" }));
				await page.keyboard.press("Space");
				await dialog.getByText("They gain events:read.").waitFor();
				await press(page, "button", "Save, and change 1 person");
				await dialog.waitFor({ state: "detached" });

				await press(page, "button", "Delete");
				await tabTo(page, dialog.getByLabel("Instead they get"));
				await page.keyboard.type("Viewer");
				await press(page, "button", "Give 1 membership Viewer, and delete it");
				await dialog.waitFor({ state: "detached" });
				await assert.rejects(made.owner("GET", `roles/${role.id}`), /404/);
				const held = (await made.owner("GET", `memberships/${member.id}/relationships/roles`)).data.map((r) => r.id.slice(-1));
				assert.deepEqual(held.sort(), ["4", "5"]);
				await made.owner("DELETE", `memberships/${member.id}/relationships/roles`, {
					data: [{ type: "roles", id: "00000000-0000-7000-8000-000000000005" }],
				});
			},
		);

		journey(
			"several people get a role, by keys alone, in one request",
			() => `/organizations/${made.home.id}/people?from=here`,
			async (page) => {
				const dialog = page.getByRole("dialog");
				const boxes = page.getByRole("checkbox", { name: /^Select (?!every)/ });
				await tabTo(page, boxes.nth(0));
				await page.keyboard.press("Space");
				await tabTo(page, boxes.nth(1));
				await page.keyboard.press("Space");
				await page.getByText("2 people selected").first().waitFor();
				await press(page, "button", "Give roles");
				const asked = [];
				page.on("request", (r) => r.method() === "POST" && asked.push(new URL(r.url()).pathname));
				await tabTo(page, dialog.getByRole("checkbox", { name: "Accountant" }));
				await page.keyboard.press("Space");
				const give = dialog.getByRole("button", { name: /^Give Accountant: \d+ (person|people)/ });
				await tabTo(page, give);
				await page.keyboard.press("Enter");
				await dialog.waitFor({ state: "detached" });
				assert.deepEqual(asked, ["/public/v2/operations"]);
				await page.getByText("2 people selected").first().waitFor({ state: "detached" });
			},
		);

		journey(
			"an export has exactly the events of the filter, and says that none is missing",
			() => `/organizations/${made.home.id}/events?filter[eventType][prefix]=webhook.`,
			async (page) => {
				for (const form of ["NDJSON", "CSV"]) {
					await tabTo(page, page.getByRole("button", { name: "Export these events" }));
					const file = page.waitForEvent("download");
					await page.keyboard.press("Enter");
					await page.getByRole("menuitem", { name: `Export these events as ${form}` }).waitFor();
					await page.locator("[role=menu]:focus, [role=menu] :focus").waitFor();
					await page.keyboard.press(form === "CSV" ? "End" : "Home");
					await page.keyboard.press("Enter");
					const lines = (await readFile(await (await file).path(), "utf8")).trim().split(/\r?\n/);
					const said = page.locator(".toast").getByText(/^Exported \d+ events?: it is complete$/);
					await said.waitFor();
					const told = Number((await said.textContent()).match(/\d+/)[0]);
					assert.ok(told > 0);
					if (form === "NDJSON") {
						assert.deepEqual(JSON.parse(lines.at(-1)), { meta: { complete: true, count: told } });
						const types = lines.slice(0, -1).map((l) => JSON.parse(l).attributes.eventType);
						assert.equal(types.length, told);
						assert.ok(
							types.every((t) => t.startsWith("webhook.")),
							types.join(),
						);
					}
					await page.locator(".toast-close").click();
				}
			},
		);

		journey(
			"a key is rotated, the old one is told of and ended; a logo is cut out, set and removed",
			() => `/organizations/${made.home.id}/keys`,
			async (page) => {
				const dialog = page.getByRole("dialog");
				const actions = page.getByRole("button", { name: "Actions for the key Warehouse import" });
				await actions.click();
				await page.getByRole("menuitem", { name: "Rotate…" }).click();
				await press(page, "button", "Rotate, both work for a day");
				await press(page, "button", "I have stored it");
				await page.getByText(/The old one works until/).waitFor();
				await actions.click();
				await page.getByRole("menuitem", { name: "End the old one…" }).click();
				await dialog.getByText("The one before").waitFor();
				await press(page, "button", "End the old one now");
				await page.getByText(/The old one works until/).waitFor({ state: "detached" });

				await page.goto(`${service.base}/console/organizations/${made.home.id}/settings`);
				await page.getByLabel("Picture").setInputFiles({ name: "a.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg/>") });
				await page.getByText("This browser cannot read that picture.").waitFor();
				await page
					.getByLabel("Picture")
					.setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from(picture, "base64") });
				await press(page, "button", "Set the logo");
				await page.getByRole("img", { name: /^Logo of/ }).waitFor();
				const { included } = await made.owner("GET", `organizations/${made.home.id}?include=logo`);
				assert.deepEqual([included[0].attributes.width, included[0].attributes.height], [512, 512]);
				await press(page, "button", "Remove");
				await page.getByRole("img", { name: /^Logo of/ }).waitFor({ state: "detached" });
			},
		);

		test("what is deleted is restored by a management key, which refreshes the token as well", async () => {
			const { data } = await made.owner("POST", "organizations", {
				data: {
					type: "organizations",
					attributes: { name: `Gone ${hostile}` },
					relationships: { parent: { data: { type: "organizations", id: made.home.id } } },
				},
			});
			await made.owner("DELETE", `organizations/${data.id}`);
			const tab = await open(browser, service.base);
			const { page } = tab;
			await page.goto(`${service.base}/console/sign-in?to=${encodeURIComponent("/organizations")}`);
			await page.getByRole("button", { name: "Use a management key" }).click();
			await page.getByLabel("Key").fill(await service.managementKey("Restoring"));
			await page.keyboard.press("Enter");
			await page.getByRole("heading", { name: "Organizations", level: 1 }).waitFor();
			await tabTo(page, page.getByLabel("Deleted"));
			await page.keyboard.press("Space");
			await press(page, "button", `Restore Gone ${hostile}`);
			await press(page, "button", "Restore it");
			await page.getByRole("heading", { name: "Gone", level: 1 }).waitFor();
			await page.goto(`${service.base}/console/organizations/${data.id}/keys`);
			await press(page, "button", "Refresh…");
			await tabTo(page, page.getByRole("dialog").getByLabel(/^Type/));
			await page.keyboard.type(data.attributes.slug);
			await press(page, "button", "Refresh, and end the old one now");
			await page
				.getByRole("dialog")
				.getByText(/^roster_o_/)
				.waitFor();
			await press(page, "button", "I have stored it");
			await tab.close();
		});

		journey(
			"a manager may make no role, and is told what it takes",
			() => `/organizations/${made.home.id}/roles`,
			async (page) => {
				const manager = await session(service.base, service.people.manager.email);
				const { data } = await manager("GET", "organizations?page[size]=1");
				await page.goto(`${service.base}/console/organizations/${data[0].id}/roles`);
				const create = page.getByRole("button", { name: /^New role/ });
				await create.waitFor();
				await until("it is known what they may", async () => /roles:write/.test(await create.textContent()));
				assert.equal(await create.getAttribute("aria-disabled"), "true");
				await tabTo(page, create);
				await page.keyboard.press("Enter");
				assert.equal(await page.getByRole("dialog").count(), 0);
				assert.equal(await page.locator("nav.tabs").getByText("Webhooks").count(), 0);
			},
			{ as: "manager", expected: [401, 403, 404] },
		);
	});
}
