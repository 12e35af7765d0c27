// Lists of any length: what is drawn, what is kept, and that nothing moves under somebody's eyes.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, open, settled, signIn } from "./browser.mjs";
import { databases, session, some, start, until } from "./program.mjs";
import { holdTree } from "./tree-bars.mjs";
import { answered, heap, scroll, watch } from "./watch.mjs";

// As many as there is time for: the last of the databases, PostgreSQL if it is there, has all.
const most = Number(process.env.ROSTER_CONSOLE_ORGANIZATIONS ?? 100_000);

/** Opens a page as whoever holds a management key, who sees everything. */
async function asManagement(browser, service, to, { clock } = {}) {
	const tab = await open(browser, service.base);
	if (clock) await tab.page.clock.install({ time: new Date() });
	const watched = await watch(tab.page);
	await tab.page.goto(`${service.base}/console/sign-in?to=${encodeURIComponent(to)}`);
	await tab.page.getByRole("button", { name: "Use a management key" }).click();
	await tab.page.getByLabel("Key").fill(await service.managementKey("Lists"));
	await tab.page.keyboard.press("Enter");
	await tab.page.locator(".frame h1").first().waitFor();
	return { ...tab, ...watched };
}

const drawn = (page) => page.locator("main [data-index]");
const loaded = (page) =>
	page
		.locator(".more")
		.textContent()
		.then((text) => Number(text.match(/^[\d,]+/)[0].replaceAll(",", "")));

for (const database of some(databases, "lists")) {
	const many = database === databases.at(-1) ? most : Math.min(most, 20_000);
	describe(`of ${many} organizations on ${database.name}`, () => {
		let service, browser;

		before(async () => {
			service = await start(database, { args: ["--rate-limit", "0"], organizations: many, users: 200 });
			browser = await launch();
		});

		after(async () => {
			await browser?.close();
			await service?.stop();
		});

		/** Returns the name of the first organization that there is. */
		const firstName = (page) =>
			page.evaluate(async () => {
				const response = await fetch("/public/v2/management/organizations?sort=name&page[size]=1");
				return (await response.json()).data[0].attributes.name;
			});

		/** Scrolls to the end of what is loaded until so many rows are. */
		const loadUntil = async (page, rows) => {
			let most = 0;
			await until(`${rows} rows are loaded`, async () => {
				most = Math.max(
					most,
					await page.evaluate(async () => {
						window.scrollTo(0, document.documentElement.scrollHeight);
						await new Promise((drawn) => requestAnimationFrame(drawn));
						return document.querySelectorAll("main [data-index]").length;
					}),
				);
				return (await loaded(page)) >= rows;
			});
			return most;
		};

		test("however far somebody scrolls, few rows are drawn and few are kept", async (t) => {
			const tab = await asManagement(browser, service, "/organizations");
			const { page } = tab;
			await drawn(page).first().waitFor();
			const total = await page.getByRole("table").getAttribute("aria-rowcount");
			assert.equal(Number(total), many + 1);
			let most = await loadUntil(page, 2000);
			const early = await heap(page);
			most = Math.max(most, await loadUntil(page, 12_000));
			const late = await heap(page);
			t.diagnostic(`${most} rows drawn at most; ${early} bytes kept of 2,000 rows, ${late} of 12,000`);
			assert.ok(most <= 60, `${most} rows are drawn at once`);
			// A row that was let go leaves its id and its height.
			assert.ok(late - early < 10_000 * 250, `the page grew by ${late - early} bytes`);

			// Back to the top, whose rows were let go: they come again.
			await page.evaluate(() => window.scrollTo(0, 0));
			await page.locator("main tr[aria-rowindex='2'] a").waitFor();
			const indexes = await drawn(page).evaluateAll((rows) => rows.map((r) => Number(r.getAttribute("aria-rowindex"))));
			assert.deepEqual(
				indexes,
				indexes.map((_, i) => i + 2),
			);
			const frames = await scroll(page, { steps: 300, by: 97 });
			t.diagnostic(`${(frames.late * 100).toFixed(1)} % of the frames came late`);
			assert.ok(frames.rows <= 60, `${frames.rows} rows are drawn at once`);
			await tab.close();
		});

		test("whoever goes back is where they were", async () => {
			const tab = await asManagement(browser, service, "/organizations");
			const { page } = tab;
			await loadUntil(page, 700);
			await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2));
			const inTheMiddle = () => document.elementFromPoint(800, 500).closest("[data-index]:has(a)")?.dataset.index;
			const seen = await (await page.waitForFunction(inTheMiddle)).jsonValue();
			const link = page.locator(`main [data-index='${seen}'] a`);
			const name = await link.textContent();
			const top = (await link.boundingBox()).y;
			await link.click();
			await page.getByRole("heading", { name, level: 1 }).waitFor();
			assert.equal(await page.evaluate(() => window.scrollY), 0);
			await page.goBack();
			await link.waitFor();
			await until("it is where it was", async () => Math.abs((await link.boundingBox()).y - top) < 2);
			await until("it has the focus", () => link.evaluate((a) => a === document.activeElement));
			await tab.close();
		});

		test("the focus stays on its row when that is scrolled away, and goes on from there", async () => {
			const tab = await asManagement(browser, service, "/organizations");
			const { page } = tab;
			await loadUntil(page, 300);
			await page.evaluate(() => window.scrollTo(0, 0));
			const third = page.locator("main [data-index='3'] a");
			await third.focus();
			// A list that is still measuring its rows may bring the one with the focus into sight once more.
			await until("it is scrolled away", () => {
				return page.evaluate(() => {
					window.scrollTo(0, 9000);
					return document.querySelector("main [data-index='205']") !== null;
				});
			});
			assert.ok(await third.evaluate((a) => a === document.activeElement));
			assert.ok((await drawn(page).count()) <= 60);
			await page.evaluate(() => window.scrollTo(0, 0));
			await page.locator("main [data-index='4'] a").waitFor();
			await page.keyboard.press("Tab");
			assert.equal(await page.evaluate(() => document.activeElement.closest("[data-index]").dataset.index), "4");
			await tab.close();
		});

		test("what somebody does is answered as soon among all as among few", async (t) => {
			const tab = await asManagement(browser, service, "/organizations");
			const { page } = tab;
			const act = async (i) => {
				await page.keyboard.press(i % 5 === 4 ? "k" : "j");
			};
			const type = async (i) => {
				await page.getByRole("searchbox", { name: "Name" }).press("eio"[i % 3]);
				await settled(page);
			};
			await drawn(page).first().waitFor();
			await loadUntil(page, 2000);
			await page.evaluate(() => window.scrollTo(0, 0));
			await page.locator("main h1").focus();
			const all = { keys: await answered(page, 40, act), typing: await answered(page, 6, type) };
			await page.getByRole("searchbox", { name: "Name" }).fill("a name that few have, or none");
			await page.getByText("No organization matches all of").waitFor();
			await page.getByRole("searchbox", { name: "Name" }).fill((await firstName(page)) ?? "");
			await drawn(page).first().waitFor();
			await page.locator("main h1").focus();
			const few = { keys: await answered(page, 40, act) };
			await page.getByRole("searchbox", { name: "Name" }).fill("");
			const tree = page.getByRole("tree");
			await tree.getByRole("treeitem").nth(5).waitFor();
			await tree.getByRole("treeitem").nth(1).focus();
			const ways = ["ArrowDown", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowLeft"];
			const walked = await answered(page, 48, (i) => page.keyboard.press(ways[i % ways.length]));
			const told = (what, { median, longest }) => `${what} ${median} ms, ${longest} at most`;
			t.diagnostic(
				`until it is on the screen: ${told("a key", all.keys)}; ${told("a letter of a filter", all.typing)}; ` +
					`${told("a key among few", few.keys)}; ${told("a key in the tree", walked)}`,
			);
			assert.ok(all.keys.median <= 3 * few.keys.median, "a key takes longer the more rows there are");
			assert.ok(walked.median <= 3 * few.keys.median, "a key in the tree takes longer than one in a short list");
			await tab.close();
		});

		test("a node of the tree is opened by one request, and the filter answers", async () => {
			const tab = await asManagement(browser, service, "/people");
			const { page } = tab;
			const tree = page.getByRole("tree");
			await tree.getByRole("treeitem").nth(5).waitFor();
			await settled(page);
			await page.mouse.move(900, 5); // a node that the pointer rests on is read as well
			const asked = [];
			page.on("request", (r) => asked.push(decodeURIComponent(r.url())));
			const node = tree.locator("[role=treeitem][aria-expanded=false]").first();
			const id = await node.evaluate((n) => n.textContent);
			await node.focus();
			await page.keyboard.press("ArrowRight");
			await tree.locator("[aria-level='2']").first().waitFor();
			const expanding = asked.filter((a) => a.includes("filter[parent]"));
			assert.equal(expanding.length, 1, `${id} took ${expanding}`);
			assert.ok((await tree.getByRole("treeitem").count()) <= 60);
			const name = (await tree.locator("[aria-level='2'] .name").first().textContent()).trim();
			await page.getByRole("searchbox", { name: "Filter the tree" }).fill(name);
			await page.getByRole("list", { name: "Found in the tree" }).getByText(name, { exact: true }).first().waitFor();
			await tab.close();
		});
		test("the tree stays within its bars", async (t) => {
			const tab = await asManagement(browser, service, "/people");
			await holdTree(t, tab.page);
			await tab.close();
		});
	});
}

describe("of a demo", () => {
	let service, browser, owner;

	before(async () => {
		service = await start({ url: "" }, { args: ["--rate-limit", "0"] });
		owner = await session(service.base, service.people.owner.email);
		browser = await launch();
	});

	after(async () => {
		await browser?.close();
		await service?.stop();
	});

	test("what is new waits, pushes nothing, and comes when it is asked for", async () => {
		const tab = await asManagement(browser, service, "/events", { clock: true });
		const { page } = tab;
		const { data: heads } = await owner("GET", "organizations?filter[root]=true&page[size]=1");
		const rename = (name) =>
			owner("PATCH", `organizations/${heads[0].id}`, { data: { type: "organizations", id: heads[0].id, attributes: { name } } });
		await drawn(page).first().waitFor();
		const before = await drawn(page).first().boundingBox();
		const first = await drawn(page).first().textContent();
		const moved = await tab.shifts();
		for (const name of ["One", "Two", "Three", "Four"]) await rename(name);
		await page.clock.fastForward(31_000);
		await page.getByRole("button", { name: "4 new" }).waitFor();
		assert.deepEqual(await drawn(page).first().boundingBox(), before);
		assert.equal(await drawn(page).first().textContent(), first);
		assert.equal(await page.getByRole("status").filter({ hasText: "4 new" }).count(), 1);
		await page.getByRole("button", { name: "4 new" }).press("Enter");
		await drawn(page).first().getByText("Four").first().waitFor();
		await page.getByRole("button", { name: "4 new" }).waitFor({ state: "detached" });
		assert.deepEqual(await tab.shifts(), moved);
		await tab.close();
	});

	test("when a filter changes, the rows before stay, dimmed, until the others are there; Back and links keep the filter", async () => {
		const tab = await open(browser, service.base);
		const { page } = tab;
		await signIn(page, service.base, service.people.owner.email, "/organizations");
		await drawn(page).first().waitFor();
		await settled(page);
		let release;
		const held = new Promise((r) => (release = r));
		await page.route(/organizations\?.*filter\[kind\]=branch/, async (route) => {
			await held;
			await route.continue();
		});
		const rows = await drawn(page).count();
		await page.getByLabel("Kind").selectOption("branch");
		await page.locator("table[data-dim]").waitFor();
		assert.equal(await drawn(page).count(), rows);
		release();
		await page.locator("table:not([data-dim])").waitFor();
		assert.ok((await drawn(page).count()) < rows);
		assert.match(decodeURIComponent(page.url()), /\/organizations\?filter\[kind\]=branch$/);
		await drawn(page).first().getByRole("link").click();
		await page.locator("nav.tabs").waitFor();
		await page.goBack();
		await drawn(page).first().waitFor();
		assert.equal(await page.getByLabel("Kind").inputValue(), "branch");
		await tab.close();
	});
});
