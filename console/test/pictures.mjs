// Takes a picture of every screen: node test/pictures.mjs FOLDER [NAME…]. For looking at, and for the README.

import { mkdir } from "node:fs/promises";
import { launch, open, settled, signIn } from "./browser.mjs";
import { start } from "./program.mjs";
import { scene, screens } from "./scene.mjs";

const [folder = "pictures", ...names] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const service = await start({ url: "" }, { args: ["--allow-private-webhook-targets", "127.0.0.0/8", "--rate-limit", "0"] });
const s = await scene(service);
const browser = await launch();
const sizes = [
	[1440, "light"],
	[1440, "dark"],
	[420, "light"],
	[420, "dark"],
];
for (const [width, scheme] of sizes) {
	const tab = await open(browser, service.base, { width, scheme });
	if (!names.length || names.includes("sign-in")) {
		await tab.page.goto(`${service.base}/console/sign-in`);
		await settled(tab.page);
		await tab.page.screenshot({ path: `${folder}/sign-in-${scheme}-${width}.png` });
	}
	await signIn(tab.page, service.base, service.people.owner.email);
	for (const [name, path] of Object.entries(screens(s))) {
		if (names.length && !names.includes(name)) continue;
		await tab.page.goto(`${service.base}/console${path}`);
		await settled(tab.page);
		await tab.page.screenshot({ path: `${folder}/${name}-${scheme}-${width}.png`, fullPage: width < 1000 });
	}
	await tab.context.close();
	for (const m of tab.mishaps) console.error(`${scheme} ${width}: ${m}`);
}
await browser.close();
await s.close();
await service.stop();
