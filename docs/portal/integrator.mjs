// A page of an integrator's own that shows a customer the webhooks of their organization. It runs on Node.js alone:
//
//	API=https://roster.example.com KEY=… ORGANIZATION=… ORIGIN=https://app.example.com node integrator.mjs
//
// The key stays here. For each visit a link is made, which the page opens once; whoever visits has to be known to the product first.

import { createServer } from "node:http";

const { API = "http://127.0.0.1:8080", KEY, ORGANIZATION, PORT = "3000", ORIGIN = `http://localhost:${PORT}` } = process.env;

/** Makes a link for somebody who is signed in to the product, and returns its URL. */
async function portal(person) {
	const answer = await fetch(`${API}/public/v2/portalLinks`, {
		method: "POST",
		headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/vnd.api+json" },
		body: JSON.stringify({
			data: {
				type: "portalLinks",
				attributes: { name: person, frameAncestors: [ORIGIN], returnUrl: `${ORIGIN}/settings` },
				relationships: { organization: { data: { type: "organizations", id: ORGANIZATION } } },
			},
		}),
	});
	if (!answer.ok) throw new Error(`making a portal link: ${answer.status} ${await answer.text()}`);
	return (await answer.json()).data.attributes.url;
}

// Colours of the product: the portal wears those that can be read.
const colours = "&paper=f7f3ff&surface=ffffff&ink=1d1433&accent=5b21b6&edge=7c6f9b";

const page = (src) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Webhooks · Example product</title>
<style>
	body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; }
	h1 { margin: 1rem 1.5rem; font-size: 1.25rem; }
	iframe { width: 100%; height: 44rem; border: 0; border-top: 1px solid #ddd; }
</style>
<h1>Example product</h1>
<iframe title="Webhooks" src="${src.replaceAll("&", "&amp;")}"></iframe>
`;

createServer(async (request, response) => {
	const headers = {
		"Content-Type": "text/html; charset=utf-8",
		"Cache-Control": "no-store", // the link in it opens once
		"Content-Security-Policy": `default-src 'none'; style-src 'unsafe-inline'; frame-src ${API}`,
	};
	try {
		if (request.url !== "/") {
			response.writeHead(200, headers).end("<!doctype html><title>Settings</title><h1>Settings</h1>");
			return;
		}
		response.writeHead(200, headers).end(page((await portal("Grace at the customer")) + colours));
	} catch (e) {
		console.error(e.message);
		response.writeHead(502, { "Content-Type": "text/plain" }).end("The webhooks cannot be shown just now.");
	}
}).listen(Number(PORT), "localhost", () => console.log(`listening on ${ORIGIN}`));
