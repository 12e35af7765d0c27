package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// Vault keeps what must not be readable in the database: it hashes credentials with a pepper and encrypts what is sealed with a key. Both
// are in the database, sealed by the [SecretKey], which is not.
type Vault struct {
	pepper, key []byte    // which the seal of a secret key holds
	macs        sync.Pool // of *mac, under the pepper: making one costs as much as what it is for
	box         cipher.AEAD
}

// mac makes MACs, and has room for a text.
type mac struct {
	hash.Hash
	text []byte
}

// vaultKeySize is the number of bytes of the pepper, and of the key.
const vaultKeySize = 32

// NewVault returns the vault that is derived from a secret key, of [SecretKeySize] bytes, as versions before 00025 did. Theirs is taken
// over as it is, so that nothing has to be hashed or sealed anew.
func NewVault(secretKey []byte) (*Vault, error) {
	if len(secretKey) != SecretKeySize {
		return nil, fmt.Errorf("the secret key must have %d bytes, not %d", SecretKeySize, len(secretKey))
	}
	pepper, err := hkdf.Key(sha256.New, secretKey, nil, "roster credential pepper", vaultKeySize)
	if err != nil {
		return nil, fmt.Errorf("derive pepper: %w", err)
	}
	key, err := hkdf.Key(sha256.New, secretKey, nil, "roster secret encryption", vaultKeySize)
	if err != nil {
		return nil, fmt.Errorf("derive encryption key: %w", err)
	}
	return vaultOf(pepper, key)
}

// randomVault returns a vault of random keys.
func randomVault() (*Vault, error) {
	keys := make([]byte, 2*vaultKeySize)
	_, _ = rand.Read(keys) // never fails (crypto/rand)
	return vaultOf(keys[:vaultKeySize], keys[vaultKeySize:])
}

func vaultOf(pepper, key []byte) (*Vault, error) {
	box, err := newBox(key)
	if err != nil {
		return nil, err
	}
	v := &Vault{pepper: pepper, key: key, box: box}
	v.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, pepper)} }
	return v, nil
}

func newBox(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return box, nil
}

// Format implements fmt.Formatter, and tells nothing: a vault is never printed by accident.
func (v *Vault) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, "vault") }

// Hash returns the HMAC-SHA-256 of a credential under the pepper: without the secret key the database does not even allow guessing.
func (v *Vault) Hash(credential string) []byte { return v.Digest("credential", credential) }

// Digest returns a MAC for any use of the pepper; purpose keeps them apart.
func (v *Vault) Digest(purpose, text string) []byte {
	m := v.macs.Get().(*mac)
	defer v.macs.Put(m)
	m.text = append(append(append(m.text[:0], purpose...), 0), text...)
	m.Reset()
	m.Write(m.text)
	clear(m.text) // it may be a credential
	return m.Sum(nil)
}

// Digester returns the function that is Digest for texts which begin alike: it is given what comes after, and what it returns is good until
// it is called again. It is for one goroutine.
func (v *Vault) Digester(purpose, begin string) func(text []byte) []byte {
	head, sum := []byte(purpose+"\x00"+begin), make([]byte, 0, sha256.Size)
	return func(text []byte) []byte {
		m := v.macs.Get().(*mac)
		defer v.macs.Put(m)
		m.Reset()
		m.Write(head)
		m.Write(text)
		return m.Sum(sum)
	}
}

// sealVersion is the first byte of every sealed secret, so that a later scheme can be told apart.
const sealVersion = 1

// Seal encrypts a secret (AES-256-GCM). The owner is bound to it: a sealed secret moved to another row does not open.
func (v *Vault) Seal(owner, secret string) []byte {
	return v.box.Seal([]byte{sealVersion}, nil, []byte(secret), []byte(owner))
}

// Open returns what was sealed for that owner.
func (v *Vault) Open(owner string, sealed []byte) (string, error) {
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return "", errors.New("open secret: unknown format")
	}
	secret, err := v.box.Open(nil, nil, sealed[1:], []byte(owner))
	if err != nil {
		return "", errors.New("open secret: it was sealed with another key, or for another owner")
	}
	return string(secret), nil
}
