// The real program with the data of "roster demo", and receivers of its webhooks, one that answers and one that does not.

import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const program = process.env.ROSTER_PROGRAM ?? "../roster";
export const password = "correct horse battery";

// The databases of the tests: SQLite, and PostgreSQL where .ci/console has made one.
export const databases = [
	{ name: "SQLite", url: "" },
	...(process.env.ROSTER_CONSOLE_POSTGRES ? [{ name: "PostgreSQL", url: process.env.ROSTER_CONSOLE_POSTGRES }] : []),
];

/**
 * Returns what is tried of a list of things that are alike, and take minutes together: one in so many, where ROSTER_SEED names a commit, which
 * chooses them, as in .ci/run; otherwise all of them.
 */
export function some(list, name, oneIn = list.length) {
	const seed = process.env.ROSTER_SEED;
	if (!seed) return list;
	const [chosen] = createHash("sha256").update(`${seed} ${name}`).digest();
	return list.filter((_, i) => i % oneIn === chosen % oneIn);
}

/** Starts a receiver of webhooks that answers everything with a status. It can be given another one. */
export async function receiver(status, body = "") {
	const state = { status, body, got: 0 };
	const server = createServer((request, response) => {
		request.resume().on("end", () => {
			state.got++;
			response.writeHead(state.status, { "content-type": "application/json" }).end(state.body);
		});
	});
	await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
	return { state, url: `http://127.0.0.1:${server.address().port}/roster`, close: () => new Promise((closed) => server.close(closed)) };
}

/** Makes an empty database beside the one that a URL names, and returns its URL. */
async function another(url) {
	const at = new URL(url);
	const versions = await readdir("/usr/lib/postgresql");
	const name = `console_${crypto.randomUUID().replaceAll("-", "")}`;
	await run(`/usr/lib/postgresql/${versions.at(-1)}/bin/createdb`, ["-h", at.hostname, "-p", at.port, "-U", at.username, name]);
	at.pathname = `/${name}`;
	return at.href;
}

/**
 * Starts the program on a database of its own, with the demo, or with nothing in it if it is empty: then firstKey is what it prints. end stops
 * it, begin starts it again on the same address.
 */
export async function start(database, { args = [], organizations = 120, users = 600, address = "127.0.0.1:0", empty = false } = {}) {
	const dir = await mkdtemp(join(tmpdir(), "roster-console-"));
	const where = database.url ? ["--database-url", await another(database.url)] : ["--data-dir", dir];
	const env = { ...process.env, ROSTER_DATA_DIR: dir };
	if (database.url) await run(program, ["secret-key", "create", join(dir, "secret.key")], { env });
	const demo = ["demo", ...where, "--organizations", String(organizations), "--users", String(users), "--password", password];
	const { stdout } = empty
		? { stdout: "" }
		: await run(program, database.url ? [...demo, "--migrate"] : demo, { env, maxBuffer: 1 << 24 });
	const people = Object.fromEntries(
		[...stdout.matchAll(/^(\S+@\S+)\s{2,}(.+?)\s{2,}(.+?)\s{2,}\d+$/gm)].map(([, email, role, at]) => [
			role.split(",")[0],
			{ email, at },
		]),
	);
	let child, firstKey;
	const begin = async () => {
		const migrate = empty && database.url ? ["--migrate"] : [];
		child = spawn(program, ["serve", ...where, ...migrate, "--listen", address, "--shutdown-delay", "0s", ...args], {
			env,
			stdio: ["ignore", "pipe", "pipe"],
		});
		const lines = [];
		address = await new Promise((found, failed) => {
			const look = (line) => {
				lines.push(line);
				firstKey ??= /roster_m_\S+/.exec(line)?.[0];
				const listening = /server=api address=(\S+)|"server":"api","address":"([^"]+)"/.exec(line);
				if (listening) found(listening[1] ?? listening[2]);
			};
			createInterface(child.stderr).on("line", look);
			createInterface(child.stdout).on("line", look);
			child.once("exit", (code) => failed(new Error(`the program ended with ${code}:\n${lines.join("\n")}`)));
		});
	};
	await begin();
	const end = async () => {
		if (child.exitCode !== null) return;
		const ended = new Promise((exited) => child.once("exit", exited));
		child.kill("SIGTERM");
		await ended;
	};
	return {
		get base() {
			return `http://${address}`;
		},
		people,
		get firstKey() {
			return firstKey;
		},
		/** Makes a management key, beside the running server. */
		async managementKey(name) {
			const made = await run(program, ["key", "create", "--kind", "management", "--name", name, ...where], { env });
			return made.stdout.trim();
		},
		end,
		begin,
		async stop() {
			await end();
			await rm(dir, { recursive: true, force: true });
		},
	};
}

/** Returns somebody who asks the API with the cookie of a session, as a page of the same origin would. */
export async function session(base, email) {
	const type = { "content-type": "application/vnd.api+json", accept: "application/vnd.api+json", origin: base };
	const signed = await fetch(`${base}/public/v2/sessions`, {
		method: "POST",
		headers: type,
		body: JSON.stringify({ data: { type: "sessions", attributes: { email, password } } }),
	});
	if (signed.status !== 201) throw new Error(`signing in as ${email}: ${signed.status} ${await signed.text()}`);
	const cookie = signed.headers.get("set-cookie").split(";")[0];
	return async (method, path, body, headers = {}) => {
		const response = await fetch(`${base}/public/v2/${path}`, {
			method,
			headers: { ...type, ...headers, cookie },
			body: body && JSON.stringify(body),
		});
		const text = await response.text();
		const document = text ? JSON.parse(text) : undefined;
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
		return {
			status: response.status,
			etag: response.headers.get("etag"),
			requestId: response.headers.get("x-request-id"),
			...document,
		};
	};
}

/** Returns what is true once it is: it is asked again until then, for a minute. */
export async function until(what, ask) {
	const end = Date.now() + 60_000;
	for (;;) {
		const answer = await ask();
		if (answer) return answer;
		if (Date.now() > end) throw new Error(`after a minute it is still not so: ${what}`);
		await new Promise((later) => setTimeout(later, 50));
	}
}
