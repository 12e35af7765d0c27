// What a newcomer does first, from a database with nothing in it: by the mouse, with what stands on the page, and nothing that was read before.
// How many clicks, fields and loaded pages it takes stands in docs/console.md, and this is where it is counted.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { look } from "./axe.mjs";
import { launch, open } from "./browser.mjs";
import { databases, password, receiver, session, some, start, until } from "./program.mjs";

const documentation = await readFile(new URL("../../docs/console.md", import.meta.url), "utf8");

/** Returns what the documentation says that a journey takes. */
function promised(journey) {
	const row = documentation.match(new RegExp(`^\\| ${journey} \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$`, "m"));
	assert.ok(row, `docs/console.md has no row for: ${journey}`);
	return row.slice(1).map(Number);
}

/** Returns a hand that counts what it does in a page. */
function handOf(page) {
	const did = { clicks: 0, fields: 0, loads: 0 };
	page.on("load", () => did.loads++);
	return {
		async click(what) {
			await what.click();
			did.clicks++;
		},
		async type(what, text) {
			await what.fill(text);
			did.fields++;
		},
		/** Asserts that what was done since the last time is what the documentation says. */
		took(journey) {
			assert.deepEqual([did.clicks, did.fields, did.loads], promised(journey), journey);
			Object.assign(did, { clicks: 0, fields: 0, loads: 0 });
		},
	};
}

for (const database of some(databases, "newcomer")) {
	describe(`a newcomer on ${database.name}`, () => {
		let service, browser, well, operator, owner, link;

		before(async () => {
			service = await start(database, {
				empty: true,
				args: ["--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0"],
			});
			well = await receiver(200, '{"ok":true}');
			browser = await launch();
			operator = await open(browser, service.base, { permissions: ["clipboard-read", "clipboard-write"] });
			owner = await open(browser, service.base, { permissions: ["clipboard-read", "clipboard-write"] });
		});

		after(async () => {
			await browser?.close();
			await well?.close();
			await service?.stop();
		});

		const button = (page, name) => page.getByRole("button", { name, exact: typeof name === "string" });
		const inDialog = (page, name) => page.getByRole("dialog").getByRole("button", { name });
		const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

		test("from the first start to somebody who runs an organization", async () => {
			const { page } = operator;
			const hand = handOf(page);
			const key = await until("the first key is printed", () => service.firstKey);
			await page.goto(service.base);
			await hand.click(button(page, "Use a management key"));
			await hand.type(page.getByLabel("Key"), key);
			await hand.click(button(page, "Sign in"));
			await page.getByRole("heading", { name: "Organizations", level: 1 }).waitFor();
			hand.took("Sign in with the first key");
			await look(page, "nothing yet");

			await hand.click(button(page, "Make the first organization"));
			await hand.type(page.getByRole("dialog").getByLabel("Name"), "Acme Energy");
			await hand.click(inDialog(page, "Make it"));
			await page.getByRole("heading", { name: "Acme Energy", level: 1 }).waitFor();
			hand.took("Make the first organization");
			await look(page, "an organization with nobody");

			await hand.click(button(page, "Invite somebody to run it"));
			await page.getByText("Nobody is here yet: who comes first is an owner").waitFor();
			await hand.type(page.getByRole("dialog").getByLabel("E-mail"), "ada@example.com");
			await hand.click(inDialog(page, "Invite"));
			await hand.click(button(page, "Copy the link for ada@example.com"));
			await hand.click(button(page, "I have handed them over"));
			await page.getByText("ada@example.com has not answered").waitFor();
			hand.took("Invite its owner, without mail");
			link = await copied(page);
		});

		test("who was invited joins, and runs it", async () => {
			const { page } = owner;
			const hand = handOf(page);
			await page.goto(link);
			await page.getByText("ada@example.com is asked to join as Owner.").waitFor();
			await hand.type(page.getByLabel("First name"), "Ada");
			await hand.type(page.getByLabel("Last name"), "Lovelace");
			await hand.type(page.getByLabel("Password"), password);
			await hand.click(button(page, "Join"));
			await hand.click(page.getByRole("link", { name: "Go there" }));
			await page.getByRole("heading", { name: "Acme Energy", level: 1 }).waitFor();
			hand.took("Join by the link");
			await page.getByRole("region", { name: "Who runs it" }).getByText("Ada Lovelace").waitFor();
			assert.equal(await button(page, "Invite").getAttribute("aria-disabled"), null);
		});

		test("a branch is made, moved below another, and moved back", async () => {
			const { page } = owner;
			const hand = handOf(page);
			for (const name of ["North", "Harbour"]) {
				await hand.click(button(page, "Organization below"));
				await hand.type(page.getByRole("dialog").getByLabel("Name"), name);
				await hand.click(inDialog(page, "Make it"));
				await page.getByRole("heading", { name, level: 1 }).waitFor();
				if (name === "North") await hand.click(page.getByRole("treeitem", { name: /Acme Energy/ }));
				else hand.took("Make two organizations below it");
			}
			const path = page.getByRole("navigation", { name: "Path" }).getByRole("listitem");
			await hand.click(button(page, "Move"));
			await hand.type(page.getByRole("combobox", { name: "Where to" }), "North");
			await hand.click(page.getByRole("option", { name: "North" }));
			await page.getByText("Nobody loses or gains anything by it.").waitFor();
			await hand.click(inDialog(page, /^Move/));
			await until("it is there", async () => (await path.allTextContents()).join() === "Acme Energy,North,Harbour");
			await hand.click(button(page, "Undo"));
			await hand.click(inDialog(page, /^Move/));
			await until("it is back", async () => (await path.allTextContents()).join() === "Acme Energy,Harbour");
			hand.took("Move one below the other, and undo it");
			await page.getByRole("treeitem", { name: /Acme Energy/ }).click();
			await page.getByRole("heading", { name: "Acme Energy", level: 1 }).waitFor();
		});

		test("the first endpoint shows its secret, a test its answer, and what failed is sent again", async () => {
			const { page } = owner;
			const hand = handOf(page);
			await hand.click(page.getByRole("link", { name: /^Webhooks/ }));
			await look(page, "no endpoint yet");
			await hand.click(button(page, "New endpoint"));
			await hand.type(page.getByRole("dialog").getByLabel("Name"), "Billing");
			await hand.type(page.getByRole("dialog").getByLabel("URL"), well.url);
			await hand.click(inDialog(page, "Make it"));
			await hand.click(button(page, "Copy the secret"));
			assert.match(await copied(page), /^whsec_/);
			await hand.click(button(page, "I have stored it"));
			await page.getByText("Nothing was sent to it yet.").waitFor();
			hand.took("Make the first endpoint, and store its secret");

			await hand.click(button(page, "Send a test"));
			const row = page.getByRole("link", { name: /webhook\.test/ });
			await row.getByText("200").waitFor();
			await page.getByText("It answers: ").waitFor();
			await hand.click(row);
			await page.locator(".notice[data-is=ok]").getByText("200 OK").waitFor();
			await page.getByText('"ok": true').waitFor();
			hand.took("Send a test, and look at its answer");

			well.state.status = 503;
			const ada = await session(service.base, "ada@example.com");
			const [acme] = (await ada("GET", "organizations?filter[slug]=acme-energy")).data;
			const attributes = { description: "Power for the north" };
			await ada("PATCH", `organizations/${acme.id}`, { data: { type: "organizations", id: acme.id, attributes } });
			const failing = async () => (await ada("GET", "webhooks?filter[health]=failing")).data.length > 0;
			await until("it fails", failing);
			await page.reload();
			hand.took("Look whether something fails");
			await hand.click(page.getByRole("link", { name: /Deliveries.*failing/ }));
			await hand.click(page.getByRole("link", { name: "organization.updated" }));
			await page.getByText("503 Service Unavailable").first().waitFor();
			well.state.status = 200;
			await hand.click(button(page, "Send again"));
			await page.locator(".notice[data-is=ok]").getByText("200 OK").waitFor();
			hand.took("See what fails and why, and send it again");
			await page.goto(`${service.base}/console/organizations/${acme.id}/events`);
			await page.getByText("sent a test to the endpoint Billing").waitFor();
		});

		test("a role is given, a portal link given away, and a key rotated", async () => {
			const { page } = owner;
			const ada = await session(service.base, "ada@example.com");
			const [harbour] = (await ada("GET", "organizations?filter[slug]=harbour")).data;
			const invited = await ada("POST", "invitations", {
				data: {
					type: "invitations",
					attributes: { email: "grace@example.com" },
					relationships: { organization: { data: { type: "organizations", id: harbour.id } } },
				},
			});
			const grace = await open(browser, service.base);
			await grace.page.goto(invited.data.attributes.url);
			await grace.page.getByLabel("First name").fill("Grace");
			await grace.page.getByLabel("Last name").fill("Hopper");
			await grace.page.getByLabel("Password").fill(password);
			await button(grace.page, "Join").click();
			await grace.page.getByRole("link", { name: "Go there" }).click();
			await grace.page.getByText("What changed here is told to whoever has events:read.").waitFor();
			await grace.close();

			await page.goto(`${service.base}/console/organizations/${harbour.id}`);
			const hand = handOf(page);
			await hand.click(page.getByRole("navigation", { name: "Harbour" }).getByRole("link", { name: /^People/ }));
			await hand.click(button(page, "Actions for Grace Hopper"));
			await hand.click(page.getByRole("menuitem", { name: "Change roles" }));
			await hand.click(page.getByRole("checkbox", { name: /^Manager/ }));
			await hand.click(inDialog(page, /^Give Manager/));
			await page.getByRole("row").filter({ hasText: "grace@example.com" }).getByText("Manager").waitFor();
			hand.took("Give a role to somebody");

			await page.getByRole("treeitem", { name: /Acme Energy/ }).click();
			await hand.click(page.getByRole("navigation", { name: "Acme Energy" }).getByRole("link", { name: /^Webhooks/ }));
			await hand.click(button(page, "Portal link"));
			await hand.type(page.getByLabel("Who it is for"), "Customer");
			await hand.click(inDialog(page, "Make it"));
			await hand.click(button(page, "Copy the link"));
			await hand.click(button(page, "I have handed it over"));
			hand.took("Give away a portal link");
			const customer = await open(browser, service.base);
			await customer.page.goto(await copied(page));
			await customer.page.getByRole("link", { name: "Billing" }).waitFor();
			await customer.close();

			await hand.click(page.getByRole("navigation", { name: "Acme Energy" }).getByRole("link", { name: /^Keys/ }));
			await hand.click(button(page, "New key"));
			await hand.type(page.getByRole("dialog").getByLabel("Name"), "Import");
			await hand.click(inDialog(page, /^Make/));
			await hand.click(button(page, "Copy the secret"));
			const before = await copied(page);
			await hand.click(button(page, "I have stored it"));
			hand.took("Make a key");
			await hand.click(button(page, "Actions for the key Import"));
			await hand.click(page.getByRole("menuitem", { name: "Rotate…" }));
			await hand.click(button(page, /^Rotate, both work/));
			await hand.click(button(page, "Copy the secret"));
			assert.notEqual(await copied(page), before);
			await hand.click(button(page, "I have stored it"));
			await page.getByText("The old one works until").waitFor();
			hand.took("Rotate it, with both working meanwhile");
			await operator.close();
			await owner.close();
		});
	});
}
