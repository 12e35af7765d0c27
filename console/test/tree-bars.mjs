// What the tree may cost, however many organizations there are: requests, rows and bytes are counted, and times are shares of another one's.

import assert from "node:assert/strict";
import { settled } from "./browser.mjs";
import { until } from "./program.mjs";
import { heap } from "./watch.mjs";

/** Returns the median time that the API takes for a URL, asked from the page, in milliseconds. */
function time(page, path, times = 7) {
	return page.evaluate(
		async ({ path, times }) => {
			const took = [];
			for (let i = 0; i < times; i++) {
				const begin = performance.now();
				const response = await fetch(path);
				await response.text();
				if (!response.ok) throw new Error(`${path}: ${response.status}`);
				took.push(performance.now() - begin);
			}
			return took.sort((a, b) => a - b)[times >> 1];
		},
		{ path, times },
	);
}

/**
 * Opens nodes of the tree one after another until so many levels were read, and closes each, as somebody does who looks for something.
 * Returns how many rows were drawn at most, and how many requests it took.
 */
async function wander(page, levels) {
	const asked = [];
	const count = (r) => decodeURIComponent(r.url()).includes("filter[parent]") && asked.push(r.url());
	page.on("request", count);
	let drawn = 0;
	while (asked.length < levels) {
		const opened = await page.evaluate(async (most) => {
			const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
			const tree = document.querySelector("[role=tree]");
			const scroller = tree.parentElement;
			const rows = () => [...tree.querySelectorAll("[role=treeitem]")];
			let opened = 0;
			let drawn = 0;
			window.seen ??= new Set();
			for (let i = 0; i < 400 && opened < most; i++) {
				const closed = rows().find((r) => r.getAttribute("aria-expanded") === "false" && !window.seen.has(r.textContent));
				if (!closed) {
					const more = rows().find((r) => r.dataset.stands === "more");
					if (more) more.click();
					scroller.scrollTop += scroller.clientHeight / 2;
					await frame();
					continue;
				}
				window.seen.add(closed.textContent);
				closed.querySelector(".twist").click();
				opened++;
				// The request has gone out, and the rows of the answer are there, when none stands for what is on its way.
				do await frame();
				while (rows().some((r) => r.dataset.stands === "loading"));
				drawn = Math.max(drawn, rows().length);
				if (closed.isConnected && closed.getAttribute("aria-expanded") === "true") closed.querySelector(".twist").click();
				await frame();
			}
			return { opened, drawn };
		}, 50);
		assert.ok(opened.opened > 0, `the tree has no more than ${asked.length} nodes to open`);
		drawn = Math.max(drawn, opened.drawn);
	}
	page.off("request", count);
	return { drawn, requests: asked.length };
}

/** Holds the tree of a page to its bars. levels is how many nodes somebody opens. */
export async function holdTree(t, page, { levels = 100 } = {}) {
	const tree = page.getByRole("tree");
	await tree.getByRole("treeitem").nth(5).waitFor();
	await settled(page);
	await page.mouse.move(900, 5); // a node that the pointer rests on is read as well
	const rows = () => tree.getByRole("treeitem").count();
	assert.ok((await rows()) <= 60, "few rows are drawn before anything is opened");

	await wander(page, 20);
	const early = await heap(page);
	const { drawn, requests } = await wander(page, levels);
	const late = await heap(page);
	t.diagnostic(`${requests} nodes opened by as many requests, ${drawn} rows drawn at most; ${early} bytes kept at first, ${late} then`);
	assert.ok(drawn <= 60, `${drawn} rows are drawn at once`);
	// What was opened stays at hand: a hundred rows of a node at most.
	assert.ok(late - early < requests * 40_000, `the page grew by ${late - early} bytes over ${requests} nodes`);

	const asked = [];
	page.on("request", (r) => asked.push(decodeURIComponent(r.url())));
	const name = (await tree.locator(".name").nth(2).textContent()).trim();
	await page.getByRole("searchbox", { name: "Filter the tree" }).fill(name);
	await page.getByRole("list", { name: "Found in the tree" }).getByText(name, { exact: true }).first().waitFor();
	await until("nothing else is asked", async () => asked.length > 0);
	const search = asked.filter((a) => a.includes("filter[text]"));
	assert.equal(search.length, 1, `the filter asks ${asked}`);
	const plain = await time(page, "/public/v2/management/organizations?sort=name&page[size]=100&fields[organizations]=name");
	const filtered = await time(page, search[0].slice(search[0].indexOf("/public/v2")));
	t.diagnostic(
		`the filter takes ${(filtered / plain).toFixed(1)} times as long as a page of a list (${filtered.toFixed(0)} ms, ${plain.toFixed(0)} ms)`,
	);
	assert.ok(filtered < plain * 20, `the filter takes ${filtered} ms, a page of a list ${plain} ms`);
	await page.getByRole("searchbox", { name: "Filter the tree" }).fill("");
}
