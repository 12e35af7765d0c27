#!/bin/sh
# Verifies one message with openssl: verify.sh ID TIMESTAMP SIGNATURES < body, with the secret in WEBHOOK_SECRET.
# The age of the message is for the caller to look at.
set -eu

case "$WEBHOOK_SECRET" in
whsec_*) key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n') ;;
*) key=$(printf %s "$WEBHOOK_SECRET" | od -An -v -tx1 | tr -d ' \n') ;;
esac

want="v1,$({ printf '%s.%s.' "$1" "$2" && cat; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)"

for signature in $3; do
  if [ "$signature" = "$want" ]; then
    echo "verified $1"
    exit 0
  fi
done
echo "no signature matches" >&2
exit 1
