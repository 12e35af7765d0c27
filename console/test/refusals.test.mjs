// Every write, refused in every way in which a service or a proxy before it refuses: it is said why, beside what it was, what is typed stays, and
// the same button does it when it can be done.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open, settled, signIn } from "./browser.mjs";
import { prepared } from "./journey.mjs";
import { some, until } from "./program.mjs";

let service, made, browser;

prepared({ url: "" }, (all) => ({ service, made, browser } = all));

/** Makes a role that nobody has, and returns its id. */
async function role() {
	const { data } = await made.owner("POST", "roles", {
		data: {
			type: "roles",
			attributes: { key: "of-nobody", name: "Of nobody", permissions: ["organizations:read"], rank: 1 },
			relationships: { organization: { data: { type: "organizations", id: made.home.id } } },
		},
	});
	return data.id;
}

const type = "application/vnd.api+json";
const refusal = (status, detail, source) => ({
	status,
	contentType: type,
	headers: { "x-request-id": `refused-${status}`, ...(status === 429 || status === 503 ? { "retry-after": "3600" } : {}) },
	body: JSON.stringify({ errors: [{ status: String(status), code: "refused", title: "Refused", detail, source }] }),
});

/** How a write can end. said is what the page tells of it. */
const ends = [
	...[403, 404, 409, 422, 429, 503].map((status) => ({
		name: status,
		said: `Refused as ${status}.`,
		answer: refusal(status, `Refused as ${status}.`),
	})),
	{
		name: "422 of a member that no field shows",
		said: "No such thing.",
		answer: refusal(422, "No such thing.", { pointer: "/data/relationships/nowhere" }),
	},
	{ name: "a proxy’s page", said: "Bad Gateway", answer: { status: 502, contentType: "text/html", body: "<h1>502</h1>" } },
	{ name: "no answer", said: "The service cannot be reached.", answer: null },
	{ name: "412", said: "Somebody else has changed it", answer: refusal(412, "It has changed.") },
];

const dialog = (page) => page.getByRole("dialog");
const press = (name) => (page) =>
	page
		.getByRole("button", { name, exact: typeof name === "string" })
		.first()
		.click();
const act = (name) => (page) => dialog(page).getByRole("button", { name }).first();
const choose = (menu, item) => async (page) => {
	await press(menu)(page);
	await page.getByRole("menuitem", { name: item, exact: true }).click();
};
const fill = (label, text) => (page) => dialog(page).getByLabel(label, { exact: true }).fill(text);
const all =
	(...steps) =>
	async (page) => {
		for (const step of steps) await step(page);
	};
const plain = (name) => (page) => page.getByRole("button", { name }).first();

/** The writes: where, how it is come to them, what sends them, and which field has what was typed. */
const writes = [
	{
		name: "an organization",
		at: "",
		begin: all(press("Organization below"), fill("Name", "Kept")),
		send: act("Make it"),
		kept: ["Name", "Kept"],
	},
	{ name: "a key", at: "keys", begin: all(press("New key"), fill("Name", "Kept")), send: act(/^Make it/), kept: ["Name", "Kept"] },
	{ name: "rotating a key", at: "keys", begin: choose("Actions for the key Warehouse import", "Rotate…"), send: act(/^Rotate, both/) },
	{ name: "revoking a key", at: "keys", begin: choose("Actions for the key Warehouse import", "Revoke…"), send: act("Revoke it now") },
	{ name: "a role", at: "roles", begin: all(press("New role"), fill("Name", "Kept")), send: act("Make it"), kept: ["Name", "Kept"] },
	{
		name: "roles of somebody",
		at: "people?from=here",
		begin: all(choose(/^Actions for/, "Change roles"), (page) =>
			dialog(page)
				.getByRole("checkbox", { name: /^Viewer/ })
				.click(),
		),
		send: act(/^(Give|Take)/),
	},
	{
		name: "roles of several",
		at: "people?from=here",
		begin: all(
			(page) =>
				page
					.getByRole("checkbox", { name: /^Select (?!everybody)/ })
					.first()
					.check(),
			press("Give roles"),
			(page) =>
				dialog(page)
					.getByRole("checkbox", { name: /^Viewer/ })
					.click(),
		),
		send: act(/^Give/),
	},
	{ name: "the end of a role", at: "role", begin: press("Delete"), send: act(/^Delete it/) },
	{ name: "the end of a membership", at: "people?from=here", begin: choose(/^Actions for/, "End the membership"), send: act("End it") },
	{
		name: "settings",
		at: "settings",
		begin: (page) => page.getByLabel("Description").fill("Kept"),
		send: plain(/^Save 1 change/),
		kept: ["Description", "Kept"],
		version: true,
	},
	{
		name: "an endpoint",
		at: "webhooks",
		begin: all(press("New endpoint"), fill("Name", "Kept"), fill("URL", "https://example.com/kept")),
		send: act("Make it"),
		kept: ["URL", "https://example.com/kept"],
	},
	{
		name: "an endpoint that is there",
		at: "endpoint",
		begin: all(press("Change"), fill("Name", "Kept")),
		send: act(/^Save 1 change/),
		kept: ["Name", "Kept"],
		version: true,
	},
	{
		name: "a portal link",
		at: "webhooks",
		begin: all(press("Portal link"), fill("Who it is for", "Kept")),
		send: act("Make it"),
		kept: ["Who it is for", "Kept"],
	},
	{ name: "a test", at: "endpoint", begin: async () => undefined, send: plain("Send a test") },
	{ name: "pausing", version: true, at: "endpoint", begin: async () => undefined, send: plain("Pause") },
	{ name: "an example", at: "endpoint", begin: choose("More actions", "Send an example of a type…"), send: act(/^Send \w+\./) },
	{ name: "a secret", at: "endpoint", begin: choose("More actions", "Rotate the secret…"), send: act(/^Rotate, both/) },
	{
		name: "a replay",
		at: "endpoint",
		begin: all(choose("More actions", "Send again…"), (page) => dialog(page).getByLabel("What", { exact: true }).selectOption("all")),
		send: act("Send again"),
	},
	{
		name: "deleting an endpoint",
		version: true,
		at: "endpoint",
		begin: all(choose("More actions", "Delete…"), fill(/^Type/, "Billing sync")),
		send: act(/^Delete it/),
	},
	{ name: "sending again", at: "delivery", begin: async () => undefined, send: plain("Send again") },
	{
		name: "an invitation once more",
		at: "invitations",
		begin: async () => undefined,
		sends: choose("Actions for t.okafor@example.com", "Send again"),
	},
	{
		name: "taking back an invitation",
		at: "invitations",
		begin: async () => undefined,
		sends: choose("Actions for t.okafor@example.com", "Take back"),
	},
	{
		name: "a profile",
		at: "/account",
		begin: (page) => page.getByLabel("First name").fill("Kept"),
		send: plain("Save"),
		kept: ["First name", "Kept"],
		version: true,
	},
	{
		name: "a password",
		at: "/account",
		begin: async (page) => {
			await page.getByLabel("Current password").fill("what it is now");
			await page.getByLabel("New password").fill("what it is to be");
		},
		send: plain(/^Change it/),
		kept: ["New password", "what it is to be"],
	},
];

for (const write of some(writes, "refusals", 3)) {
	test(`${write.name} is refused in every way`, async () => {
		const expected = [401, ...ends.map((e) => e.answer?.status).filter(Boolean), "ERR_FAILED"];
		const tab = await open(browser, service.base, { expected });
		const { page } = tab;
		const home = `/organizations/${made.home.id}`;
		const endpoint = `${home}/webhooks/${made.billing}`;
		const paths = {
			endpoint,
			delivery: `${endpoint}/deliveries/${made.delivery}`,
			"/account": "/account",
		};
		await signIn(
			page,
			service.base,
			service.people.owner.email,
			paths[write.at] ?? `${home}/${write.at === "role" ? `roles?role=${await role()}` : write.at}`,
		);
		await settled(page);
		await write.begin(page);
		let end;
		let sent = 0;
		await page.route("**/public/v2/**", (route) => {
			const asked = route.request();
			if (asked.method() === "GET" || /\/(authorize|moves)$/.test(asked.url())) return route.fallback();
			sent++;
			return end.answer ? route.fulfill(end.answer) : route.abort();
		});
		const faults = [];
		for (end of ends.filter((e) => e.name !== "412" || write.version)) {
			const before = sent;
			try {
				if (write.sends) await write.sends(page);
				else {
					await until("it can be sent", async () => (await write.send(page).getAttribute("aria-disabled")) !== "true");
					await write.send(page).click();
				}
				await page.getByText(end.said).first().waitFor({ timeout: 10_000 });
			} catch (e) {
				const shown = (await page.locator("body").innerText()).replace(/\s+/g, " ").slice(-300);
				faults.push(`${end.name}: ${e.message.split("\n")[0]}: ${shown}`);
				break;
			}
			if (sent !== before + 1) faults.push(`${end.name}: it was sent ${sent - before} times`);
			const [label, text] = write.kept ?? [];
			if (label && !(await page.getByRole("dialog", { name: "Somebody else has changed it" }).count())) {
				const typed = await page.getByLabel(label, { exact: true }).first().inputValue();
				if (typed !== text) faults.push(`${end.name}: what was typed is gone`);
			}
		}
		assert.deepEqual(faults, []);
		await tab.close();
	});
}
