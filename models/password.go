package models

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"roster/models/store"
)

// Parameters of Argon2id as OWASP recommends them (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
const (
	argonMemory  = 19 * 1024
	argonTime    = 2
	argonLanes   = 1
	argonKeySize = 32
	argonSalt    = 16
)

// hashingWait is how long a request waits for its turn to work on a password.
const hashingWait = 5 * time.Second

// inTurn works on a password, while at most so many others do: each takes its memory and a processor, and requests must not add up to all
// there is. Who waits for too long gets an error of the kind Busy.
func inTurn(ctx context.Context, db *store.DB, work func() error) error {
	turns := attached(db).hashing
	late := time.NewTimer(hashingWait)
	defer late.Stop()
	select {
	case turns <- struct{}{}:
	case <-late.C:
		return &store.Error{Kind: store.Busy, Message: "Too many passwords are being checked at once. Try again.", Wait: hashingWait}
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-turns }()
	return work()
}

// HashPassword works out what is kept of a password in the input, unless that was done before. It takes as long as hundreds of changes,
// by design, and therefore belongs before the transaction: on SQLite every other writer would wait.
func HashPassword(ctx context.Context, db *store.DB, in *Change) error {
	password, given := in.Attributes["password"].(string)
	if _, done := in.Kept["password"]; !given || done {
		return nil
	}
	kept, err := hashPassword(ctx, db, password)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	in.Kept = map[string]string{"password": kept}
	return nil
}

// hashPassword returns the PHC string of a password: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func hashPassword(ctx context.Context, db *store.DB, password string) (kept string, err error) {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	err = inTurn(ctx, db, func() error {
		key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, argonKeySize)
		encode := base64.RawStdEncoding.EncodeToString
		kept = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
			argon2.Version, argonMemory, argonTime, argonLanes, encode(salt), encode(key))
		return nil
	})
	return kept, err
}

// isPassword reports whether a password is the one that something was kept of. It is the same work if nothing was, and the answer no. It
// is to be called in a turn, see guess.
func isPassword(password string, kept *string) (bool, error) {
	text := noPassword()
	if kept != nil {
		text = *kept
	}
	memory, passes, lanes, salt, key, err := parsePHC(text)
	if err != nil {
		return false, err
	}
	is := subtle.ConstantTimeCompare(argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(key))), key) == 1
	return is && kept != nil, nil
}

// noPassword is what is kept of a password that nobody knows.
var noPassword = sync.OnceValue(func() string {
	random := make([]byte, argonSalt+argonKeySize)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonLanes, encode(random[:argonSalt]), encode(random[argonSalt:]))
})

// parsePHC reads what is kept of a password. It was written by hashPassword, maybe that of another version.
func parsePHC(text string) (memory, passes uint32, lanes uint8, salt, key []byte, err error) {
	parts := strings.Split(text, "$")
	var version int
	if len(parts) != 6 || parts[1] != "argon2id" {
		return 0, 0, 0, nil, nil, fmt.Errorf("read kept password: it is of another kind")
	}
	if _, err = fmt.Sscanf(parts[2], "v=%d", &version); err == nil {
		_, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes)
	}
	if err == nil {
		salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	}
	if err == nil {
		key, err = base64.RawStdEncoding.DecodeString(parts[5])
	}
	if err != nil || version != argon2.Version || passes == 0 || lanes == 0 || len(key) == 0 {
		return 0, 0, 0, nil, nil, fmt.Errorf("read kept password: %w", err)
	}
	return memory, passes, lanes, salt, key, nil
}
