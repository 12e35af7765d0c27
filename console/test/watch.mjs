// What a browser can tell of how a page behaves: how it moves, what it draws, and what it keeps.

/** Watches a page from before it loads. Everything that is asked for is a count or a share, never a time. */
export async function watch(page) {
	await page.addInitScript(() => {
		window.shifts = [];
		new PerformanceObserver((list) => {
			for (const e of list.getEntries()) {
				if (e.hadRecentInput) continue;
				const what = e.sources.map((s) => s.node?.className || s.node?.nodeName).join(", ");
				window.shifts.push(`${e.value.toFixed(4)} ${what}`);
			}
		}).observe({ type: "layout-shift", buffered: true });
	});
	return {
		/** What moved without anybody having done anything. */
		shifts: () => page.evaluate(() => window.shifts),
	};
}

/** Returns the bytes that the page's scripts keep, after what they do not is collected. */
export async function heap(page) {
	const session = await page.context().newCDPSession(page);
	await session.send("HeapProfiler.enable");
	await session.send("HeapProfiler.collectGarbage");
	const { usedSize } = await session.send("Runtime.getHeapUsage");
	await session.detach();
	return usedSize;
}

/**
 * Scrolls a page by so many steps, one for each frame, and returns the greatest number of rows that it drew at once, and the share of frames
 * that came late: more than half a frame after those of the same page when it rests.
 */
export function scroll(page, { steps, by }) {
	return page.evaluate(
		async ({ steps, by }) => {
			const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
			const rest = [];
			for (let i = 0, before = await frame(); i < 30; i++) {
				const now = await frame();
				rest.push(now - before);
				before = now;
			}
			const usual = rest.sort((a, b) => a - b)[15];
			let rows = 0;
			let late = 0;
			for (let i = 0, before = await frame(); i < steps; i++) {
				window.scrollBy(0, by);
				const now = await frame();
				if (now - before > usual * 1.5) late++;
				before = now;
				rows = Math.max(rows, document.querySelectorAll("main [data-index]").length);
			}
			return { rows, late: late / steps };
		},
		{ steps, by },
	);
}
