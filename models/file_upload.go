package models

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"roster/models/blob"
	"roster/models/picture"
	"roster/models/store"
)

// FileRules are where the bytes of files are kept, and for how long a URL of them works.
type FileRules struct {
	// Blobs keeps them; nil for the database itself.
	Blobs blob.Store
	// URLLifetime is how long a signed URL works; 0 for a quarter of an hour.
	URLLifetime time.Duration

	decoding chan struct{} // holds one for each picture that is being decoded
}

// MaxFile is how many bytes a file can have.
const MaxFile = 5 << 20

// prepared returns the rules with what was left out.
func (r FileRules) prepared(db *store.DB) FileRules {
	if r.Blobs == nil {
		r.Blobs = blob.InDatabase(db)
	}
	r.URLLifetime = cmp.Or(r.URLLifetime, 15*time.Minute)
	r.decoding = make(chan struct{}, picture.AtOnce)
	return r
}

// decode runs work that decodes a picture. It waits while as many run as may at once, each of which can take some hundred megabytes.
func (r *FileRules) decode(ctx context.Context, work func() error) error {
	select {
	case r.decoding <- struct{}{}:
		defer func() { <-r.decoding }()
		return work()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// StagedFile is a file that is not there yet: it was looked at, and its bytes are kept for a while.
type StagedFile struct{ file File }

// StageFile looks at bytes and keeps them, for CreateFile to make a file of. It takes long and does much besides the database, so it is
// called before any transaction. The name is what the client calls the file. It fails as CreateFile does, and with the kinds Unsupported
// for what is no picture, and Invalid for one that is too large or whose name cannot be used.
func StageFile(ctx context.Context, db *store.DB, by Caller, owner FileOwner, name string, content []byte) (*StagedFile, error) {
	err := store.Transaction(ctx, db, func(tx *store.DB) error { // first, so that nobody decodes in vain
		if _, _, err := owner.lock(ctx, tx, by); err != nil {
			return err
		}
		return owner.checkRoom(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	rules := &allowedOn(db).Files
	var facts picture.Facts
	err = rules.decode(ctx, func() (err error) {
		facts, err = picture.Check(content)
		return err
	})
	switch {
	case errors.Is(err, picture.ErrNone):
		return nil, &store.Error{Kind: store.Unsupported,
			Message: "A file is a PNG, JPEG, GIF or WebP that can be decoded to its end; this is none."}
	case errors.Is(err, picture.ErrTooLarge):
		return nil, &store.Error{Kind: store.Invalid, Message: "The file cannot be taken: " + err.Error() + "."}
	case err != nil:
		return nil, err
	}
	staged := &StagedFile{newFile(owner, facts, content)}
	staged.file.ID = NewID()
	if staged.file.FileName, err = fileName(name, facts); err != nil {
		return nil, err
	}
	err = store.Transaction(ctx, db, func(tx *store.DB) error { return stageBlob(ctx, tx, staged.file.ID, owner) })
	if err != nil {
		return nil, err
	}
	return staged, rules.Blobs.Put(ctx, staged.file.ID, content)
}

// newFile returns a file of an owner, as its bytes tell; its id, name and time are still to be set.
func newFile(owner FileOwner, facts picture.Facts, content []byte) File {
	sum := sha256.Sum256(content)
	return File{
		FileType: image, ContentType: facts.ContentType, Size: int64(len(content)), Width: int64(facts.Width), Height: int64(facts.Height),
		SHA256: hex.EncodeToString(sum[:]), OrganizationID: optional(owner.Organization), UserID: optional(owner.User),
	}
}

// maxFileName bounds the characters of a name.
const maxFileName = 200

// fileName returns the last part of the name that a client gives a file, whichever system its path is of, or one that says what it is.
func fileName(name string, facts picture.Facts) (string, error) {
	name = strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case name == "" || name == "." || name == "..":
		return "image." + strings.TrimPrefix(facts.ContentType, "image/"), nil
	case utf8.RuneCountInString(name) > maxFileName || !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable):
		return "", &store.Error{Kind: store.Invalid,
			Message: fmt.Sprintf("The name of a file has at most %d characters, all of which can be printed.", maxFileName)}
	default:
		return name, nil
	}
}
