package webhooks

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"roster/models"
)

// The three headers of Standard Webhooks. They are spelled in lower case, as in the specification; HTTP/1 receivers compare
// header names without case.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

const (
	schemeHMAC    = models.SignV1
	schemeEd25519 = models.SignV1a
)

// Secret is a signing key. It prints as "[secret]" wherever it is printed, also inside other values.
type Secret struct{ material *material }

// material is behind a pointer because fmt follows unexported fields of nested structs but stops at pointers.
type material struct {
	hmacKey []byte
	private ed25519.PrivateKey
}

// ParseSecret reads a secret as an integrator writes it: "whsec_" and base64, padded or not; "whsk_" and the base64 of an ed25519
// seed, alone or followed by its public key; anything else is used as its UTF-8 bytes. An empty key is an error: everybody can
// compute its signatures.
func ParseSecret(s string) (Secret, error) {
	switch {
	case strings.HasPrefix(s, models.SymmetricPrefix):
		key, err := decodeKey(s[len(models.SymmetricPrefix):])
		if err != nil {
			return Secret{}, fmt.Errorf("read a whsec_ secret: %w", err)
		}
		return Secret{&material{hmacKey: key}}, nil
	case strings.HasPrefix(s, models.PrivateKeyPrefix):
		private, err := decodePrivate(s[len(models.PrivateKeyPrefix):])
		if err != nil {
			return Secret{}, fmt.Errorf("read a whsk_ secret: %w", err)
		}
		return Secret{&material{private: private}}, nil
	case strings.HasPrefix(s, models.PublicKeyPrefix):
		return Secret{}, errors.New("read a secret: a whpk_ key is public and signs nothing; the secret half starts with whsk_")
	case s == "":
		return Secret{}, errors.New("read a secret: it is empty")
	}
	return Secret{&material{hmacKey: []byte(s)}}, nil
}

func decodeKey(s string) ([]byte, error) {
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil, errors.New("what follows the prefix is not base64")
	}
	if len(key) == 0 {
		return nil, errors.New("it is empty")
	}
	return key, nil
}

func decodePrivate(s string) (ed25519.PrivateKey, error) {
	raw, err := decodeKey(s)
	if err != nil {
		return nil, err
	}
	switch len(raw) {
	case ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(raw), nil
	case ed25519.PrivateKeySize:
		private := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
		// Signing under a public key that is not the seed's leaks the private key (the double public key attack).
		if !private.Equal(ed25519.PrivateKey(raw)) {
			return nil, errors.New("its public half does not belong to its seed")
		}
		return private, nil
	}
	return nil, fmt.Errorf("an ed25519 key has %d or %d bytes, this one has %d", ed25519.SeedSize, ed25519.PrivateKeySize, len(raw))
}

// PublicKey returns the whpk_ form of an ed25519 secret, and "" for a symmetric one, which has no public half.
func (s Secret) PublicKey() string {
	if s.material == nil || s.material.private == nil {
		return ""
	}
	return models.PublicKeyPrefix + base64.StdEncoding.EncodeToString(s.material.private.Public().(ed25519.PublicKey))
}

func (s Secret) String() string { return "[secret]" }

// GoString implements fmt.GoStringer without the key.
func (s Secret) GoString() string { return "[secret]" }

// LogValue implements slog.LogValuer without the key.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Sign returns the value of the webhook-signature header for one attempt: one signature for each secret, in the order given, which
// is newest first. Receivers accept any one of them, so a rotation needs no coordination.
//
// The id must not contain a full stop: it separates the signed parts, and a movable boundary would let one message pass for another.
func Sign(id string, at time.Time, body []byte, secrets ...Secret) (string, error) {
	if id == "" || strings.ContainsAny(id, ". \r\n") {
		return "", fmt.Errorf("sign message %q: an id has at least one character and no full stop, space or line break", id)
	}
	if len(secrets) == 0 {
		return "", fmt.Errorf("sign message %q: there is no secret", id)
	}
	content := signedContent(id, at.Unix(), body)
	header := make([]byte, 0, 92*len(secrets))
	for i, secret := range secrets {
		if secret.material == nil {
			return "", fmt.Errorf("sign message %q: secret %d is empty", id, i+1)
		}
		if i > 0 {
			header = append(header, ' ')
		}
		header = secret.material.appendSignature(header, content)
	}
	return string(header), nil
}

func signedContent(id string, unix int64, body []byte) []byte {
	content := make([]byte, 0, len(id)+len(body)+22)
	content = append(content, id...)
	content = append(content, '.')
	content = strconv.AppendInt(content, unix, 10)
	content = append(content, '.')
	return append(content, body...)
}

func (m *material) appendSignature(header, content []byte) []byte {
	if m.private != nil {
		header = append(header, schemeEd25519+","...)
		return base64.StdEncoding.AppendEncode(header, ed25519.Sign(m.private, content))
	}
	header = append(header, schemeHMAC+","...)
	var sum [sha256.Size]byte
	return base64.StdEncoding.AppendEncode(header, m.hmac(content, sum[:0]))
}

func (m *material) hmac(content, sum []byte) []byte {
	mac := hmac.New(sha256.New, m.hmacKey)
	mac.Write(content)
	return mac.Sum(sum)
}

// VerifyingKey checks signatures: a symmetric secret, or the public half of an ed25519 pair.
type VerifyingKey struct {
	secret Secret
	public ed25519.PublicKey
}

// ParseVerifyingKey reads what a receiver was given: a whpk_ public key, or a secret in any form ParseSecret takes.
func ParseVerifyingKey(s string) (VerifyingKey, error) {
	if strings.HasPrefix(s, models.PublicKeyPrefix) {
		raw, err := decodeKey(s[len(models.PublicKeyPrefix):])
		if err != nil {
			return VerifyingKey{}, fmt.Errorf("read a whpk_ key: %w", err)
		}
		if len(raw) != ed25519.PublicKeySize {
			return VerifyingKey{}, fmt.Errorf("read a whpk_ key: it has %d bytes instead of %d", len(raw), ed25519.PublicKeySize)
		}
		return VerifyingKey{public: raw}, nil
	}
	secret, err := ParseSecret(s)
	if err != nil {
		return VerifyingKey{}, err
	}
	if secret.material.private != nil {
		return VerifyingKey{public: secret.material.private.Public().(ed25519.PublicKey)}, nil
	}
	return VerifyingKey{secret: secret}, nil
}

// The ways a message can fail Verify.
var (
	ErrNoSignature    = errors.New("webhook-id, webhook-timestamp or webhook-signature is missing")
	ErrBadTimestamp   = errors.New("webhook-timestamp is not a number of seconds")
	ErrTooOld         = errors.New("webhook-timestamp is too old")
	ErrTooNew         = errors.New("webhook-timestamp lies in the future")
	ErrWrongSignature = errors.New("no signature matches any of the keys")
)

// Verify returns nil if one of the signatures in header was made with one of keys over body and the time of the attempt is within
// tolerance of now, before or after. Otherwise it returns one of the errors above.
func Verify(header http.Header, body []byte, tolerance time.Duration, now time.Time, keys ...VerifyingKey) error {
	id, timestamp, signatures := header.Get(HeaderID), header.Get(HeaderTimestamp), header.Get(HeaderSignature)
	if id == "" || timestamp == "" || signatures == "" {
		return ErrNoSignature
	}
	unix, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return ErrBadTimestamp
	}
	if !anyMatches(strings.Fields(signatures), signedContent(id, unix, body), keys) {
		return ErrWrongSignature
	}
	switch at := time.Unix(unix, 0); {
	case at.Before(now.Add(-tolerance)):
		return ErrTooOld
	case at.After(now.Add(tolerance)):
		return ErrTooNew
	}
	return nil
}

func anyMatches(signatures []string, content []byte, keys []VerifyingKey) bool {
	for _, signature := range signatures {
		scheme, encoded, _ := strings.Cut(signature, ",")
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			continue
		}
		for _, key := range keys {
			if key.matches(scheme, raw, content) {
				return true
			}
		}
	}
	return false
}

func (k VerifyingKey) matches(scheme string, signature, content []byte) bool {
	switch {
	case scheme == schemeEd25519 && k.public != nil:
		return ed25519.Verify(k.public, content, signature)
	case scheme == schemeHMAC && k.secret.material != nil:
		return hmac.Equal(signature, k.secret.material.hmac(content, nil))
	}
	return false
}
