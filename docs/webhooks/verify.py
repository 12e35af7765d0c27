"""A receiver of webhooks: it verifies each with the secrets in WEBHOOK_SECRET, separated by spaces, and prints it."""
import base64
import hashlib
import hmac
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 5 * 60  # seconds


def verify(headers, body, secrets, now=None):
    """Raises ValueError unless one of the secrets signed the message, and it was sent within the tolerance of now."""
    message_id = headers.get("webhook-id") or ""
    timestamp = headers.get("webhook-timestamp") or ""
    if not message_id or not (timestamp.isascii() and timestamp.isdigit()):
        raise ValueError("webhook-id or webhook-timestamp is missing")
    if abs((now or time.time()) - int(timestamp)) > TOLERANCE:
        raise ValueError("the message is too old, or from the future")
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = (headers.get("webhook-signature") or "").split()
    for secret in secrets:
        key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
        want = b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
        if any(hmac.compare_digest(signature.encode(), want) for signature in signatures):
            return
    raise ValueError("no signature matches")


class Receiver(BaseHTTPRequestHandler):
    secrets = os.environ.get("WEBHOOK_SECRET", "").split()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))  # the bytes as they came
        try:
            verify(self.headers, body, self.secrets)
        except ValueError as error:
            self.send_response(401)
            self.end_headers()
            self.wfile.write(str(error).encode())
            return
        # The same webhook-id can come again: remember those that were worked on. Work that takes long is done after the answer.
        print("verified", self.headers["webhook-id"], body.decode(), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 0))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
