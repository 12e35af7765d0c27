// The portal: a link in a window of its own, and in the page of an integrator, which is of another site.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { launch, open, settled } from "./browser.mjs";
import { databases, receiver, some, start, until } from "./program.mjs";
import { scene } from "./scene.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serves the page of an integrator from the file in the documentation, at localhost: another site than 127.0.0.1. */
async function integrator(base, key, organization) {
	const free = createServer().listen(0, "localhost");
	await new Promise((listening) => free.once("listening", listening));
	const port = free.address().port;
	await new Promise((closed) => free.close(closed));
	const child = spawn(process.execPath, ["../docs/portal/integrator.mjs"], {
		env: { PATH: process.env.PATH, API: base, KEY: key, ORGANIZATION: organization, PORT: String(port) },
		stdio: ["ignore", "pipe", "inherit"],
	});
	await new Promise((ready, failed) => {
		createInterface(child.stdout).on("line", ready);
		child.once("exit", (code) => failed(new Error(`the integrator ended with ${code}`)));
	});
	return {
		origin: `http://localhost:${port}`,
		async close() {
			const ended = new Promise((exited) => child.once("exit", exited));
			child.kill();
			await ended;
		},
	};
}

for (const database of some(databases, "portal")) {
	describe(`the portal on ${database.name}`, () => {
		let service, made, browser, key, customer, failing;

		before(async () => {
			service = await start(database, { args: ["--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0"] });
			made = await scene(service);
			failing = await receiver(503, '{"error":"restarting"}');
			await furnish();
			key = await service.managementKey("Integrator");
			customer = await integrator(service.base, key, made.home.id);
			browser = await launch({ windows: true });
		});

		after(async () => {
			await browser?.close();
			await customer?.close();
			await failing?.close();
			await made?.close();
			await service?.stop();
		});

		/** Makes an endpoint that hears of this organization alone, as those of a portal do. */
		async function endpoint(name) {
			const to = { organization: { data: { type: "organizations", id: made.home.id } } };
			const attributes = { name, url: failing.url, eventTypes: ["organization.*"] };
			return (await made.owner("POST", "webhooks", { data: { type: "webhooks", attributes, relationships: to } })).data;
		}

		/** Makes one, and has a delivery to it fail. */
		async function furnish() {
			const { owner, home } = made;
			const data = await endpoint("Ledger");
			const description = "Harbour depot, its fitters and its boats";
			await owner("PATCH", `organizations/${home.id}`, { data: { type: "organizations", id: home.id, attributes: { description } } });
			await until("a delivery to Ledger has failed", async () => {
				const sent = (await owner("GET", `webhookDeliveries?filter[webhookId]=${data.id}`)).data;
				return sent.some((d) => d.attributes.attempts > 0);
			});
		}

		/** Makes a link, and returns its URL. */
		async function link(attributes = {}, organization = made.home.id) {
			const answer = await fetch(`${service.base}/public/v2/portalLinks`, {
				method: "POST",
				headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/vnd.api+json" },
				body: JSON.stringify({
					data: {
						type: "portalLinks",
						attributes: { name: "Grace", ...attributes },
						relationships: { organization: { data: { type: "organizations", id: organization } } },
					},
				}),
			});
			assert.equal(answer.status, 201);
			return (await answer.json()).data.attributes.url;
		}

		test("a link shows the webhooks of one organization, and nothing else", async () => {
			const tab = await open(browser, service.base);
			const { page } = tab;
			const to = await link({ returnUrl: "https://app.example.com/settings" });
			await page.goto(to);
			await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
			assert.ok(!page.url().includes("roster_l_"), `the token stays in the address: ${page.url()}`);
			const kept = await page.evaluate(
				() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + history.length + location.hash,
			);
			assert.ok(!kept.includes("roster_l_"), `the browser keeps ${kept}`);
			assert.equal(await page.getByRole("tree").count(), 0);
			assert.equal(await page.getByRole("button", { name: /Find or paste/ }).count(), 0);
			const back = page.getByRole("link", { name: /app\.example\.com/ });
			assert.equal(await back.getAttribute("href"), "https://app.example.com/settings");
			assert.equal(await back.getAttribute("target"), "_top");
			const elsewhere = await page.locator("a[href]").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
			for (const href of elsewhere)
				assert.ok(/^(#main|\/console\/portal\/|https:\/\/app\.example\.com\/)/.test(href), `there is a way out: ${href}`);
			await page.getByRole("link", { name: "Ledger" }).click();
			await page.getByRole("heading", { name: "Ledger", level: 1 }).waitFor();
			await page.locator(".list-row").first().click();
			await page.getByRole("heading", { name: "Timing" }).waitFor();
			await settled(page);
			await page.reload();
			await page.getByRole("heading", { name: "Timing" }).waitFor();
			await page.getByRole("link", { name: "Event types" }).click();
			await page.locator("summary").getByText("organization.updated").click();
			await page.getByText('"organization.updated"').first().waitFor();
			await page.getByRole("link", { name: "Deliveries" }).click();
			await page.getByRole("button", { name: "Failed" }).waitFor();
			await page.locator("tbody tr").first().waitFor();
			await settled(page);
			await tab.close();
		});

		test("a link that was opened, has ended or never was says so in one page", async () => {
			const once = await link();
			const first = await open(browser, service.base);
			await first.page.goto(once);
			await first.page.getByRole("heading", { name: "Endpoints" }).waitFor();
			const id = new URL(once).pathname.split("/").pop();
			const second = await open(browser, service.base);
			const ended = () => second.page.getByRole("heading", { name: "This link has ended", level: 1 }).waitFor();
			for (const at of [once, `${service.base}/console/portal/${id}`, `${service.base}/console/portal/nobody#roster_l_x`]) {
				await second.page.goto("about:blank");
				await second.page.goto(at);
				await ended();
			}
			// Where it is open it goes on, and ends when it is taken back.
			await first.page.goto("about:blank");
			await first.page.goto(once);
			await first.page.getByRole("heading", { name: "Endpoints" }).waitFor();
			const gone = await fetch(`${service.base}/public/v2/portalLinks/${id}`, {
				method: "DELETE",
				headers: { Authorization: `Bearer ${key}` },
			});
			assert.equal(gone.status, 204);
			await first.page.getByRole("link", { name: "Deliveries" }).click();
			await first.page.getByRole("heading", { name: "This link has ended" }).waitFor();
			await first.close();
			await second.close();
		});

		test("a page of another site embeds it, and one that the link does not name cannot", async (t) => {
			const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
			const page = await context.newPage();
			await page.goto(customer.origin);
			const frame = page.frameLocator("iframe");
			await frame.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
			const cookies = await context.cookies();
			const cookie = cookies.find((c) => c.name === "roster-portal");
			assert.ok(cookie?.httpOnly && cookie.secure && cookie.sameSite === "None", JSON.stringify(cookies));
			assert.match(String(cookie.partitionKey), /localhost/, "it is kept for that site alone");
			await frame.getByRole("link", { name: "Ledger" }).click();
			await frame.getByRole("button", { name: "Send a test" }).click();
			await frame.getByText("A test is on its way").first().waitFor();
			// The colours of the integrator are worn, and reach the text.
			const colour = await frame.locator("body").evaluate((body) => getComputedStyle(body).getPropertyValue("--accent").trim());
			assert.equal(colour, "#5b21b6");
			// A frame that is reloaded goes on where it was.
			const inner = page.frames().find((f) => f.url().includes("/console/portal/"));
			await inner.evaluate(() => location.reload());
			await frame.getByRole("heading", { name: "Ledger", level: 1 }).waitFor();
			assert.equal(new URL(await frame.locator("body").evaluate(() => location.href)).hash, "");
			await frame.getByRole("link", { name: /Back to/ }).click();
			await page.waitForURL(`${customer.origin}/settings`);
			// Somebody else's page.
			let src;
			const foreign = createServer((_, response) =>
				response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><iframe src="${src}"></iframe>`),
			).listen(0, "localhost");
			t.after(() => foreign.close());
			await new Promise((listening) => foreign.once("listening", listening));
			for (const ancestors of [[customer.origin], []]) {
				src = await link({ frameAncestors: ancestors });
				const refused = page.waitForEvent("console", (m) => /frame-ancestors|X-Frame-Options/i.test(m.text()));
				await page.goto(`http://localhost:${foreign.address().port}/`);
				await refused;
				const shown = await page.frameLocator("iframe").locator("body").innerText();
				assert.match(shown, /blocked|refused/);
			}
			await context.close();
		});

		test("colours that cannot be read are left alone", async () => {
			const tab = await open(browser, service.base);
			const { page } = tab;
			const worn = async (colours) => {
				await page.goto("about:blank");
				await page.goto((await link()) + colours);
				await page.getByRole("heading", { name: "Endpoints" }).waitFor();
				return page.evaluate(() => {
					const style = document.documentElement.style;
					return Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]));
				});
			};
			assert.deepEqual(await worn(""), {});
			assert.deepEqual(await worn("&accent=ffff00&edge=fefefe&ink=777777"), {});
			assert.deepEqual(await worn("&accent=red&ink=url(x)&paper=%22%3E&surface=fff&accent=12345678"), {});
			const light = await worn("&paper=f7f3ff&surface=ffffff&ink=1d1433&accent=5b21b6&edge=7c6f9b");
			assert.equal(light["--ink"], "#1d1433");
			assert.equal(light["--accent"], "#5b21b6");
			const dark = await worn("&paper=0b0b14&surface=12121f&ink=f0f0ff&accent=c4b5fd");
			assert.equal(dark["--surface"], "#12121f");
			assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
			// A ground on which the states could not be read is none.
			assert.equal((await worn("&paper=808080&surface=808080&ink=000000"))["--surface"], undefined);
			await tab.close();
		});

		test("nobody is kept out: axe finds nothing, at each width, in each scheme, and in colours of others", async () => {
			for (const [width, scheme, colours] of [
				[1440, "light", ""],
				[1440, "dark", ""],
				[420, "light", ""],
				[420, "dark", ""],
				[1440, "light", "&paper=f7f3ff&surface=ffffff&ink=1d1433&accent=5b21b6&edge=7c6f9b"],
				[1440, "light", "&paper=0b0b14&surface=12121f&ink=f0f0ff&accent=c4b5fd&edge=8888aa"],
			]) {
				const tab = await open(browser, service.base, { width, scheme, bypassCSP: true });
				const { page } = tab;
				const found = [];
				const look = async (name) => {
					await settled(page);
					await page.evaluate(axe);
					const result = await page.evaluate(() => globalThis.axe.run(document));
					for (const v of result.violations) found.push(`${name}: ${v.id} ${v.nodes[0].html}`);
					const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
					if (wide > 0) found.push(`${name} is ${wide} px too wide`);
				};
				await page.goto((await link({ returnUrl: "https://app.example.com/" })) + colours);
				await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
				await look("endpoints");
				await page.getByRole("link", { name: "Ledger" }).click();
				await page.getByRole("heading", { name: "Ledger", level: 1 }).waitFor();
				await look("endpoint");
				if (width === 1440) {
					await page.locator(".list-row").first().click();
					await page.getByRole("heading", { name: "Timing" }).waitFor();
					await look("delivery");
				}
				await page.getByRole("link", { name: "Deliveries" }).click();
				await page.getByRole("heading", { name: "Deliveries", level: 1 }).waitFor();
				await look("deliveries");
				await page.getByRole("link", { name: "Event types" }).click();
				await page.locator("summary").first().click();
				await look("event types");
				await page.goto(`${service.base}/console/portal/nobody`);
				await page.getByRole("heading", { name: "This link has ended" }).waitFor();
				await look("the end");
				assert.deepEqual(found, [], `${width} ${scheme} ${colours}`);
				await tab.close();
			}
		});

		test("who may read what was sent, and nothing else, is shown that", async () => {
			const tab = await open(browser, service.base);
			const { page } = tab;
			await page.goto(await link({ permissions: ["webhookDeliveries:write"] }));
			await page.getByRole("heading", { name: "Deliveries", level: 1 }).waitFor();
			assert.equal(await page.getByRole("link", { name: "Endpoints" }).count(), 0);
			// What goes to an endpoint that hears of organizations below is not for a portal to send; this one hears of its own alone.
			const { id } = await endpoint("Untried"); // that of the other is pending, and in place of a second one
			await made.owner("POST", `webhooks/${id}/test`);
			await until("the test is on its way", async () => {
				return (await made.owner("GET", `webhookDeliveries?filter[webhookId]=${id}`)).data.length > 0;
			});
			await page.reload();
			const tested = page.getByRole("row").filter({ hasText: "webhook.test" });
			failing.state.status = 200;
			const again = tested.first().getByRole("button", { name: "Send again" });
			await again.click();
			await page.getByText("It is being sent again").first().waitFor();
			// What came already is sent again only by whoever says so.
			await tested.first().getByText("200").waitFor();
			await again.click();
			const dialog = page.getByRole("dialog", { name: "It was delivered already" });
			await dialog.waitFor();
			const before = failing.state.got;
			await dialog.getByRole("button", { name: "Cancel" }).click();
			await dialog.waitFor({ state: "detached" });
			assert.equal(failing.state.got, before);
			await again.click();
			await dialog.getByRole("button", { name: "Send it again all the same" }).click();
			await until("it came again", () => failing.state.got > before);
			failing.state.status = 503;
			await tab.close();
			const reader = await open(browser, service.base);
			await reader.page.goto(await link({ permissions: ["webhooks:read"] }));
			await reader.page.getByRole("link", { name: "Ledger" }).click();
			const test = reader.page.getByRole("button", { name: "Send a test" });
			await test.waitFor();
			assert.equal(await test.getAttribute("aria-disabled"), "true");
			await reader.close();
		});
	});
}
