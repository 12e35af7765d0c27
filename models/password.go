package models

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"

	"golang.org/x/crypto/argon2"
)

// Parameters of Argon2id as OWASP recommends them (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const (
	argonMemory  = 19 * 1024
	argonTime    = 2
	argonLanes   = 1
	argonKeySize = 32
	argonSalt    = 16
)

// hashing bounds how many passwords are hashed at once: each takes its memory, and requests must not add up to all there is.
var hashing = make(chan struct{}, runtime.GOMAXPROCS(0))

// HashPassword works out what is kept of a password in the input, unless that was done before. It takes as long as hundreds of changes,
// by design, and therefore belongs before the transaction: on SQLite every other writer would wait.
func HashPassword(ctx context.Context, in *Change) error {
	password, given := in.Attributes["password"].(string)
	if _, done := in.Kept["password"]; !given || done {
		return nil
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	in.Kept = map[string]string{"password": hash}
	return nil
}

// hashPassword returns the PHC string of a password: $argon2id$v=19$m=19456,t=2,p=1$salt$hash. It fails if ctx ends before its turn comes.
func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-hashing }()
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKeySize)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonLanes, encode(salt), encode(key)), nil
}
