// A receiver of webhooks: it verifies each with the secrets (whsec_…) or public keys (whpk_…) in WEBHOOK_SECRET, separated by spaces, and
// prints it.
import { createHmac, createPublicKey, timingSafeEqual, verify as verifySignature } from "node:crypto";
import { createServer } from "node:http";

const tolerance = 5 * 60; // seconds

// Throws unless one of the keys signed the message, and it was sent within the tolerance of now. body is a Buffer.
export function verify(headers, body, keys, now = Date.now() / 1000) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = (headers["webhook-signature"] ?? "").split(" ");
  if (!id || !/^\d+$/.test(timestamp ?? "")) throw new Error("webhook-id or webhook-timestamp is missing");
  if (Math.abs(now - Number(timestamp)) > tolerance) throw new Error("the message is too old, or from the future");
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  for (const key of keys) {
    for (const signature of signatures) {
      const [version, encoded = ""] = signature.split(",");
      if (matches(key, version, Buffer.from(encoded, "base64"), content)) return;
    }
  }
  throw new Error("no signature matches");
}

// Tells whether a key made that signature: whpk_ those of the version v1a, every other one those of v1.
function matches(key, version, signature, content) {
  if (key.startsWith("whpk_")) {
    const x = Buffer.from(key.slice(5), "base64").toString("base64url");
    const publicKey = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
    return version === "v1a" && verifySignature(null, content, publicKey, signature);
  }
  const secret = key.startsWith("whsec_") ? Buffer.from(key.slice(6), "base64") : Buffer.from(key, "utf8");
  const want = createHmac("sha256", secret).update(content).digest();
  return version === "v1" && signature.length === want.length && timingSafeEqual(signature, want);
}

const keys = (process.env.WEBHOOK_SECRET ?? "").split(" ").filter(Boolean);
const server = createServer(async (request, response) => {
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk); // the bytes as they came: never parsed and encoded again
    const body = Buffer.concat(chunks);
    verify(request.headers, body, keys);
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
