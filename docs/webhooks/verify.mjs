// A receiver of webhooks: it verifies each with the secrets in WEBHOOK_SECRET, separated by spaces, and prints it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const tolerance = 5 * 60; // seconds

// Throws unless one of the secrets signed the message, and it was sent within the tolerance of now. body is a Buffer.
export function verify(headers, body, secrets, now = Date.now() / 1000) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = (headers["webhook-signature"] ?? "").split(" ");
  if (!id || !/^\d+$/.test(timestamp ?? "")) throw new Error("webhook-id or webhook-timestamp is missing");
  if (Math.abs(now - Number(timestamp)) > tolerance) throw new Error("the message is too old, or from the future");
  for (const secret of secrets) {
    const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret, "utf8");
    const mac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
    const want = Buffer.from(`v1,${mac}`);
    for (const signature of signatures) {
      const got = Buffer.from(signature);
      if (got.length === want.length && timingSafeEqual(got, want)) return;
    }
  }
  throw new Error("no signature matches");
}

const secrets = (process.env.WEBHOOK_SECRET ?? "").split(" ").filter(Boolean);
const server = createServer(async (request, response) => {
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk); // the bytes as they came: never parsed and encoded again
    const body = Buffer.concat(chunks);
    verify(request.headers, body, secrets);
    // The same webhook-id can come again: remember those that were worked on. Work that takes long is done after the answer.
    console.log(`verified ${request.headers["webhook-id"]} ${body}`);
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(401).end(error.message);
  }
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
