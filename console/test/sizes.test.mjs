// What the console weighs, as it is sent.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const assets = new URL("../built/assets/", import.meta.url);

test("the console stays small", async () => {
	let sum = 0;
	let fonts = 0;
	for (const name of await readdir(assets)) {
		const bytes = await readFile(new URL(name, assets));
		if (/\.(js|css)$/.test(name)) sum += gzipSync(bytes, { level: 9 }).length;
		else if (/-latin-wght/.test(name)) fonts += bytes.length;
		assert.match(name, /-[\w-]{8}\.(js|css|woff2)$/, "a file without a hash in its name is not kept for ever");
	}
	console.log(`JS and CSS ${(sum / 1000).toFixed(1)} kB of 250, fonts of a Latin page ${(fonts / 1000).toFixed(1)} kB of 60`);
	assert.ok(sum <= 250_000, `JS and CSS are ${sum} bytes`);
	assert.ok(fonts <= 60_000, `fonts of a Latin page are ${fonts} bytes`);
});
