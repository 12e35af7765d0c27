// A mail server that keeps what it is sent, as far as the program speaks SMTP to it.

import { createServer } from "node:net";
import { until } from "./program.mjs";

export async function mailServer() {
	const mails = [];
	const server = createServer((socket) => {
		socket.on("error", () => {});
		socket.write("220 mail.test ESMTP\r\n");
		let text = "";
		let to = "";
		let inData = false;
		const line = (said) => {
			const verb = said.slice(0, 4).toUpperCase();
			if (verb === "EHLO") return "250-mail.test\r\n250-8BITMIME\r\n250 SMTPUTF8";
			if (verb === "RCPT") to = /<(.*?)>/.exec(said)[1];
			if (verb === "DATA") {
				inData = true;
				return "354 go on";
			}
			if (verb === "QUIT") {
				socket.end("221 bye\r\n");
				return null;
			}
			return "250 OK";
		};
		socket.setEncoding("utf8").on("data", (chunk) => {
			text += chunk;
			for (;;) {
				const end = text.indexOf(inData ? "\r\n.\r\n" : "\r\n");
				if (end < 0) return;
				const said = text.slice(0, end);
				text = text.slice(end + (inData ? 5 : 2));
				let answer = "250 kept";
				if (inData) {
					mails.push({ to, text: said.replace(/=\r\n/g, "").replace(/=3D/g, "=") });
					inData = false;
				} else answer = line(said);
				if (answer) socket.write(answer + "\r\n");
			}
		});
	});
	await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
	return {
		args: ["--smtp-url", `smtp://127.0.0.1:${server.address().port}?starttls=never`, "--mail-from", "Roster <no-reply@roster.example>"],
		/** Returns the link of the first mail to an address that was not taken yet. */
		link: (address) =>
			until(`a mail comes to ${address}`, () => {
				const at = mails.findIndex((m) => m.to === address);
				return at >= 0 && /https?:\/\/\S+#token=\w+/.exec(mails.splice(at, 1)[0].text)[0];
			}),
		close: () => new Promise((closed) => server.close(closed)),
	};
}

/** Returns a port that is free. */
export async function freePort() {
	const server = createServer();
	await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
	const { port } = server.address();
	await new Promise((closed) => server.close(closed));
	return port;
}
