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

/**
 * Does something so many times, and returns how long it took until each was on the screen, in milliseconds: the median, and the longest, which is
 * what INP is of so few. The browser rounds to 8 ms, and tells of nothing below 16.
 */
export async function answered(page, times, act) {
	await page.evaluate(() => {
		window.interactions = new Map();
		window.watching ??= new PerformanceObserver((list) => {
			for (const e of list.getEntries())
				if (e.interactionId)
					window.interactions.set(e.interactionId, Math.max(e.duration, window.interactions.get(e.interactionId) ?? 0));
		});
		window.watching.observe({ type: "event", durationThreshold: 16 });
	});
	for (let i = 0; i < times; i++) {
		await act(i);
		await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn))));
	}
	const took = await page.evaluate(() => {
		for (const e of window.watching.takeRecords())
			if (e.interactionId)
				window.interactions.set(e.interactionId, Math.max(e.duration, window.interactions.get(e.interactionId) ?? 0));
		return [...window.interactions.values()];
	});
	const all = [...took, ...Array(Math.max(0, times - took.length)).fill(16)].sort((a, b) => a - b);
	return { median: all[all.length >> 1], longest: all.at(-1) };
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
