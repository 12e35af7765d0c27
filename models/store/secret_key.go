package store

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// SecretKeySize is the number of bytes of a secret key.
const SecretKeySize = 32

// SecretKey is what an installation keeps outside of its database. It opens the vault, whose own keys are in the database, sealed by it.
type SecretKey struct {
	id   string
	text func() string // and no string, which would be printed with a struct that has it
	box  cipher.AEAD
	old  *Vault // what versions before 00025 made of it
}

// NewSecretKey returns a random secret key.
func NewSecretKey() *SecretKey {
	random := make([]byte, SecretKeySize)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	key, err := newSecretKey(random)
	if err != nil {
		panic(err) // only of another size
	}
	return key
}

// ParseSecretKey reads a secret key in base64. The error does not repeat it.
func ParseSecretKey(text string) (*SecretKey, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != SecretKeySize {
		return nil, fmt.Errorf("it must be %d bytes in base64", SecretKeySize)
	}
	return newSecretKey(raw)
}

func newSecretKey(raw []byte) (*SecretKey, error) {
	id, err := hkdf.Key(sha256.New, raw, nil, "roster secret key id", 8)
	if err != nil {
		return nil, fmt.Errorf("derive id of secret key: %w", err)
	}
	seal, err := hkdf.Key(sha256.New, raw, nil, "roster seal of vault", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key of seal: %w", err)
	}
	box, err := newBox(seal)
	if err != nil {
		return nil, err
	}
	old, err := NewVault(raw)
	text := func() string { return base64.StdEncoding.EncodeToString(raw) }
	return &SecretKey{id: hex.EncodeToString(id), text: text, box: box, old: old}, err
}

// ID returns what a secret key is called by. It is derived from it, and tells nothing of it.
func (k *SecretKey) ID() string { return k.id }

// Text returns the secret key in base64, as [ParseSecretKey] reads it.
func (k *SecretKey) Text() string { return k.text() }

// String returns the id: a secret key is never printed by accident.
func (k *SecretKey) String() string { return "secret key " + k.id }

// Format implements fmt.Formatter: every verb prints String.
func (k *SecretKey) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, k.String()) }

// LogValue implements slog.LogValuer.
func (k *SecretKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// sealedVaultSize is the length of a sealed vault: the version, a nonce, the two keys, and the tag of AES-GCM.
const sealedVaultSize = 1 + 12 + 2*vaultKeySize + 16

// seal returns the keys of a vault, sealed.
func (k *SecretKey) seal(v *Vault) []byte {
	return k.box.Seal([]byte{sealVersion}, nil, append(bytes.Clone(v.pepper), v.key...), []byte("vault of "+k.id))
}

// open returns the vault whose keys it has sealed.
func (k *SecretKey) open(sealed []byte) (*Vault, error) {
	if len(sealed) != sealedVaultSize || sealed[0] != sealVersion {
		return nil, errors.New("it has not the form of one")
	}
	keys, err := k.box.Open(nil, nil, sealed[1:], []byte("vault of "+k.id))
	if err != nil {
		return nil, errors.New("it was changed")
	}
	return vaultOf(keys[:vaultKeySize], keys[vaultKeySize:])
}
