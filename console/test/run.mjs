// Runs the tests, two files at a time, and says how long each file took. A browser beside a database and receivers is late once in some
// thousand tests on a busy machine: a file in which something failed runs once more, alone and in the browser that has windows, and the
// output says so. What fails twice has failed, and so has what fails in many files at once, which is no chance.

import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { run } from "node:test";
import { tap } from "node:test/reporters";

/** In more files than this nothing fails by chance. */
const most = 3;

/** A file that takes longer than this, in milliseconds, hangs. */
const longest = 30 * 60_000;

/** Runs files, and returns those in which something failed. */
async function failing(files, concurrency) {
	const failed = new Set();
	const took = new Map();
	const tests = run({ files, concurrency, timeout: longest });
	tests.on("test:fail", ({ file, nesting }) => nesting === 0 && failed.add(file)); // what is within it may be made elsewhere
	const whole = ({ file, nesting, details }) => nesting === 0 && took.set(file, (took.get(file) ?? 0) + details.duration_ms);
	tests.on("test:pass", whole);
	tests.on("test:fail", whole);
	const output = tests.compose(tap);
	output.pipe(process.stdout, { end: false });
	await new Promise((ended) => output.on("end", ended));
	for (const [file, time] of took) console.log(`# ${(time / 1000).toFixed(0).padStart(4)} s ${basename(file)}`);
	return [...failed];
}

const files = (await readdir(import.meta.dirname))
	.filter((name) => name.endsWith(".test.mjs"))
	.map((name) => join(import.meta.dirname, name));
let failed = await failing(files.sort(), 2);
if (failed.length > 0 && failed.length <= most) {
	console.log(`# once more, alone: ${failed.map((f) => basename(f)).join(", ")}`);
	process.env.ROSTER_CONSOLE_BROWSER = "/usr/bin/chromium";
	failed = await failing(failed, 1);
}
if (failed.length > 0) console.log(`# failed: ${failed.map((f) => basename(f)).join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;
