// Package blob keeps the bytes of files: in the database, in a directory, or in a bucket that speaks S3. It knows nothing of what they are,
// whose they are or who may read them. A key is made by this program, never by a client.
package blob

import (
	"context"
	"errors"
	"fmt"
	"regexp"
)

// Store keeps bytes by key. Its methods may be called by several goroutines, and on several replicas at once. An error that is neither nil
// nor [ErrNotThere] wraps [ErrUnavailable]: it says nothing of the bytes, and the call can be made again.
type Store interface {
	// Put keeps bytes under a key, instead of what was there. When it returns they survive a loss of power.
	Put(ctx context.Context, key string, content []byte) error
	// Get returns the bytes under a key, ErrNotThere for none.
	Get(ctx context.Context, key string) ([]byte, error)
	// Delete removes what is under a key. That there is nothing is no error.
	Delete(ctx context.Context, key string) error
}

// The errors of stores.
var (
	ErrNotThere    = errors.New("there is nothing under this key")
	ErrUnavailable = errors.New("the store of files cannot be used")
)

// unavailable is the error of a store that could not do something with a key.
func unavailable(doing, key string, err error) error {
	return fmt.Errorf("%s %s: %w: %w", doing, key, ErrUnavailable, err)
}

// keys is what every key looks like: an id, and a number behind it for what was made of the bytes under the id. Nothing of it means
// anything to a file system.
var keys = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(-[0-9]{1,4})?$`)

// checkKey refuses what is no key, whoever made it: a mistake in this program must not become a path.
func checkKey(key string) error {
	if !keys.MatchString(key) {
		return fmt.Errorf("%.80q is no key of a store", key)
	}
	return nil
}
