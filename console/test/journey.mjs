// What journeys begin with: the real program with its demo, a scene in it, and a browser, for all that a suite does on a database.

import { after, before, test } from "node:test";
import { launch, open, settled, signIn } from "./browser.mjs";
import { start } from "./program.mjs";
import { scene } from "./scene.mjs";

/** Prepares a suite, and tells it when everything is there. */
export function prepared(database, ready) {
	let service, made, browser;

	before(async () => {
		service = await start(database, { args: ["--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0"] });
		made = await scene(service);
		browser = await launch();
		ready({ service, made, browser });
	});

	after(async () => {
		await browser?.close();
		await made?.close();
		await service?.stop();
	});
}

/** Prepares a suite as well, and returns how it runs a journey: in a tab of somebody who is signed in, at a path. */
export function journeys(database, ready) {
	let service, made, browser;
	prepared(database, (all) => {
		({ service, made, browser } = all);
		ready(all);
	});
	return (name, path, run, options) =>
		test(name, async () => {
			const tab = await open(browser, service.base, options);
			await signIn(tab.page, service.base, service.people[options?.as ?? "owner"].email, path());
			await settled(tab.page);
			await run(tab.page, tab);
			await tab.close();
		});
}
