package models

import (
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

// hashPassword returns the PHC string of a password: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func hashPassword(password string) string {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	hashing <- struct{}{}
	defer func() { <-hashing }()
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKeySize)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, encode(salt), encode(key))
}
