/* The frame stands at once, and the first page in it appears whole: its parts come by requests of their own, and would push each other away one
   after another. Until then ghosts of it stand there. What comes later comes by something that one has done. */

import { queries } from "../api/query";
import { seen } from "./first";

const fonts = ['1rem "Atkinson Hyperlegible Next Variable"', '1rem "Atkinson Hyperlegible Mono Variable"'];

/** So long the page waits for what it reads first, in milliseconds. Then it shows what there is. */
const patience = 1500;

/** So long nothing may be on its way before it counts as done: what was read may ask for more. */
const rest = 60;

let begun = false;

/** Shows the page when all that it reads first is there. */
export function showWhole(): void {
	if (begun) return;
	begun = true;
	const end = performance.now() + patience;
	let quiet = performance.now();
	const look = () => {
		const now = performance.now();
		if (queries.isFetching() > 0 || document.fonts.status === "loading" || document.querySelector("main .ghosts")) quiet = now;
		if (now - quiet < rest && now < end) setTimeout(look, 15);
		else {
			document.documentElement.dataset.ready = "";
			seen();
		}
	};
	look();
}

/** Resolves when the letters are there, or could be: a text that was drawn with others would move. */
export function letters(): Promise<unknown> {
	const late = new Promise((r) => setTimeout(r, patience / 3));
	return Promise.race([Promise.allSettled(fonts.map((f) => document.fonts.load(f))), late]);
}
