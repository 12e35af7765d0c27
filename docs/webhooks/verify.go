// Command webhooks is a receiver of webhooks: it verifies each with the secrets (whsec_…) or public keys (whpk_…) in WEBHOOK_SECRET,
// separated by spaces, and prints it.
package main

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * time.Minute

// verify returns nil if one of the keys signed the message, and it was sent within the tolerance of now.
func verify(header http.Header, body []byte, keys []string, now time.Time) error {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil {
		return errors.New("webhook-id or webhook-timestamp is missing")
	}
	if age := now.Sub(time.Unix(seconds, 0)).Abs(); age > tolerance {
		return errors.New("the message is too old, or from the future")
	}
	content := fmt.Appendf(nil, "%s.%s.%s", id, timestamp, body)
	for _, signature := range strings.Fields(header.Get("webhook-signature")) {
		version, encoded, _ := strings.Cut(signature, ",")
		raw, err := base64.StdEncoding.DecodeString(encoded)
		for _, key := range keys {
			if err == nil && matches(key, version, raw, content) {
				return nil
			}
		}
	}
	return errors.New("no signature matches")
}

// matches tells whether a key made that signature: whpk_ those of the version v1a, every other one those of v1.
func matches(key, version string, signature, content []byte) bool {
	if encoded, ok := strings.CutPrefix(key, "whpk_"); ok {
		public, err := base64.StdEncoding.DecodeString(encoded)
		return version == "v1a" && err == nil && len(public) == ed25519.PublicKeySize && ed25519.Verify(public, content, signature)
	}
	secret := []byte(key)
	if encoded, ok := strings.CutPrefix(key, "whsec_"); ok {
		var err error
		if secret, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return false
		}
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(content)
	return version == "v1" && hmac.Equal(signature, mac.Sum(nil))
}

// receive answers 204 to what verifies, at once: work that takes long is done after the answer.
func receive(keys []string, now func() time.Time, out io.Writer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // the bytes as they came: never parsed and encoded again
		if err == nil {
			err = verify(r.Header, body, keys, now())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		// The same webhook-id can come again: remember those that were worked on.
		fmt.Fprintf(out, "verified %s %s\n", r.Header.Get("webhook-id"), body)
		w.WriteHeader(http.StatusNoContent)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/\n", listener.Addr())
	server := &http.Server{
		Handler:           receive(strings.Fields(os.Getenv("WEBHOOK_SECRET")), time.Now, os.Stdout),
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.Serve(listener))
}
