package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"roster/models/blob"
	"roster/models/picture"
	"roster/models/store"
)

// The bytes of files may be in a store that no transaction reaches. So whatever is there is either a file's or listed as to be removed:
// it is listed before it is put there, taken off the list by the transaction that makes the file, and listed again by the one that
// deletes it. A process that ends in between leaves nothing for ever, and never a file without its bytes.

// stagedFor is how long bytes are kept that are to become a file's: longer than any request.
const stagedFor = time.Hour

// maxStaged bounds the bytes that are kept for files that did not come to be, of one owner.
const maxStaged = 2 * MaxFiles

// stageBlob lists bytes that are about to be put under a key. What is doomed stays so, and is removed once they are there.
func stageBlob(ctx context.Context, tx *store.DB, key string, owner FileOwner) error {
	var n int64
	err := tx.Session(ctx).Raw(`SELECT COUNT(*) FROM blob_deletions WHERE owner_id = ? AND NOT doomed`, owner.id()).Scan(&n).Error
	if err != nil {
		return fmt.Errorf("count what is staged: %w", err)
	}
	if n >= maxStaged {
		return &store.Error{Kind: store.Conflict, Message: "Too many uploads came to nothing within an hour. Wait before the next."}
	}
	return tx.Later(ctx, "stage bytes", `INSERT INTO blob_deletions (key, owner_id, due_at, doomed) VALUES (?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at`,
		key, owner.id(), tx.Now().Add(stagedFor), false)
}

// claimBlob takes bytes off the list, since they have become a file's. It reports false if it came too late for that.
func claimBlob(ctx context.Context, tx *store.DB, key string) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM blob_deletions WHERE key = ? AND NOT doomed`, key)
	if err != nil {
		return false, fmt.Errorf("claim bytes: %w", err)
	}
	return n == 1, nil
}

// squareSides are the sides, in pixels, of the squares that are made of pictures.
var squareSides = []int{64, 128, 256}

// SquareSides returns the sides, in pixels, of the squares that are made of pictures.
func SquareSides() []int { return append([]int{}, squareSides...) }

func squareKey(file string, side int) string { return file + "-" + strconv.Itoa(side) }

// doomBlobs lists the bytes of a file that is deleted, and of what was made of it. What is being made of it at this moment stays listed for
// as long as that can take.
func doomBlobs(ctx context.Context, tx *store.DB, f *File) error {
	keys := []string{f.ID}
	for _, side := range squareSides {
		keys = append(keys, squareKey(f.ID, side))
	}
	for _, key := range keys {
		err := tx.Later(ctx, "doom bytes", `INSERT INTO blob_deletions (key, owner_id, due_at, doomed) VALUES (?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET doomed = excluded.doomed`, key, ownerOf(f).id(), tx.Now(), true)
		if err != nil {
			return err
		}
	}
	return nil
}

// sweptAtOnce bounds what is read of the list at once.
const sweptAtOnce = 100

// SweepFiles removes the bytes that are no file's and due, and returns how many keys it took off the list. Several replicas may do it at
// once: to remove what is not there is no error.
func SweepFiles(ctx context.Context, db *store.DB) (swept int, err error) {
	for {
		now := db.Now()
		keys, err := dueBlobs(ctx, db, now)
		if err != nil {
			return swept, err
		}
		for _, key := range keys {
			if err := allowedOn(db).Files.Blobs.Delete(ctx, key); err != nil {
				return swept, err
			}
			err := store.Transaction(ctx, db, func(tx *store.DB) error {
				// It may have been staged again meanwhile.
				_, err := tx.Exec(ctx, `DELETE FROM blob_deletions WHERE key = ? AND doomed AND due_at <= ?`, key, now)
				return err
			})
			if err != nil {
				return swept, fmt.Errorf("take swept bytes off the list: %w", err)
			}
			swept++
		}
		if len(keys) < sweptAtOnce {
			return swept, nil
		}
	}
}

// dueBlobs dooms what is due at a time, so that nothing claims it any more, and returns some of the keys.
func dueBlobs(ctx context.Context, db *store.DB, now time.Time) (keys []string, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		keys = nil
		if _, err := tx.Exec(ctx, `UPDATE blob_deletions SET doomed = ? WHERE due_at <= ? AND NOT doomed`, true, now); err != nil {
			return err
		}
		return tx.Read(ctx, func(rows *sql.Rows) error {
			var key string
			err := rows.Scan(&key)
			keys = append(keys, key)
			return err
		}, `SELECT key FROM blob_deletions WHERE doomed AND due_at <= ? ORDER BY due_at, key LIMIT ?`, now, sweptAtOnce)
	})
	if err != nil {
		return nil, fmt.Errorf("look for bytes to remove: %w", err)
	}
	return keys, nil
}

// FileContent returns the bytes of a file, or, for a side that is not 0, the middle of it as a square PNG. That is made when it is asked
// for first, and kept beside the file. It fails with [blob.ErrUnavailable] if the store cannot be used, or has not got the bytes.
func FileContent(ctx context.Context, db *store.DB, f *File, side int) ([]byte, error) {
	rules := &allowedOn(db).Files
	if side == 0 {
		return wholeFile(ctx, rules.Blobs, f)
	}
	key := squareKey(f.ID, side)
	square, err := rules.Blobs.Get(ctx, key)
	if !errors.Is(err, blob.ErrNotThere) {
		return square, err
	}
	content, err := wholeFile(ctx, rules.Blobs, f)
	if err != nil {
		return nil, err
	}
	err = rules.decode(ctx, func() (err error) {
		square, err = picture.Square(content, side)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a square of file %s: %w", f.ID, err)
	}
	return square, keepSquare(ctx, db, f, key, square)
}

// wholeFile returns the bytes of a file. A store without them has lost them, or is not the one that they were put in.
func wholeFile(ctx context.Context, kept blob.Store, f *File) ([]byte, error) {
	content, err := kept.Get(ctx, f.ID)
	if errors.Is(err, blob.ErrNotThere) {
		return nil, fmt.Errorf("read file %s: %w: %w", f.ID, blob.ErrUnavailable, err)
	}
	return content, err
}

// keepSquare keeps a square for as long as its file is there.
func keepSquare(ctx context.Context, db *store.DB, f *File, key string, square []byte) error {
	err := store.Transaction(ctx, db, func(tx *store.DB) error { return stageBlob(ctx, tx, key, ownerOf(f)) })
	if err != nil {
		if store.IsKind(err, store.Conflict) {
			return nil // it is made again
		}
		return err
	}
	if err := allowedOn(db).Files.Blobs.Put(ctx, key, square); err != nil {
		return err
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		var there []string
		if err := tx.Session(ctx).Table("files").Where("id = ?", f.ID).Clauses(forShare).Pluck("id", &there).Error; err != nil {
			return fmt.Errorf("look for file: %w", err)
		}
		if len(there) == 0 {
			return nil // whoever deleted the file has it removed
		}
		_, err := claimBlob(ctx, tx, key)
		return err
	})
}
