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
	"sync"
)

// Vault keeps what must not be readable in the database: it hashes credentials with a pepper and encrypts webhook secrets. Both keys
// come from one master key, which lives outside the database.
type Vault struct {
	macs sync.Pool // of *mac, under the pepper: making one costs as much as what it is for
	box  cipher.AEAD
}

// mac makes MACs, and has room for a text.
type mac struct {
	hash.Hash
	text []byte
}

// MasterKeySize is the number of bytes of a master key.
const MasterKeySize = 32

// NewVault returns the vault of that master key.
func NewVault(master []byte) (*Vault, error) {
	if len(master) != MasterKeySize {
		return nil, fmt.Errorf("the master key must have %d bytes, not %d", MasterKeySize, len(master))
	}
	pepper, err := hkdf.Key(sha256.New, master, nil, "roster credential pepper", 32)
	if err != nil {
		return nil, fmt.Errorf("derive pepper: %w", err)
	}
	key, err := hkdf.Key(sha256.New, master, nil, "roster secret encryption", 32)
	if err != nil {
		return nil, fmt.Errorf("derive encryption key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	v := &Vault{box: box}
	v.macs.New = func() any { return &mac{Hash: hmac.New(sha256.New, pepper)} }
	return v, nil
}

// NewMasterKey returns a random master key.
func NewMasterKey() []byte {
	key := make([]byte, MasterKeySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// Hash returns the HMAC-SHA-256 of a credential under the pepper: without the master key the database does not even allow guessing.
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
	m, head, sum := v.macs.New().(*mac), []byte(purpose+"\x00"+begin), make([]byte, 0, sha256.Size)
	return func(text []byte) []byte {
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
		return "", errors.New("open secret: it was sealed with another master key, or for another owner")
	}
	return string(secret), nil
}
