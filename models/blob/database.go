package blob

import (
	"context"
	"database/sql"

	"roster/models/store"
)

// database keeps bytes in a table of their own, beside the rows that lists read.
type database struct{ db *store.DB }

// InDatabase returns the store in a database. Its calls are transactions of their own, so it must not be used within one.
func InDatabase(db *store.DB) Store { return database{db} }

func (d database) Put(ctx context.Context, key string, content []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := store.Transaction(ctx, d.db, func(tx *store.DB) error {
		_, err := tx.Run(ctx, `INSERT INTO blobs (key, content) VALUES (?, ?)
			ON CONFLICT (key) DO UPDATE SET content = excluded.content`, key, content)
		return err
	})
	if err != nil {
		return unavailable("put", key, err)
	}
	return nil
}

func (d database) Get(ctx context.Context, key string) (content []byte, err error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	found := false
	err = d.db.Read(ctx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(&content)
	}, `SELECT content FROM blobs WHERE key = ?`, key)
	switch {
	case err != nil:
		return nil, unavailable("get", key, err)
	case !found:
		return nil, ErrNotThere
	}
	return content, nil
}

func (d database) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := store.Transaction(ctx, d.db, func(tx *store.DB) error {
		_, err := tx.Run(ctx, `DELETE FROM blobs WHERE key = ?`, key)
		return err
	})
	if err != nil {
		return unavailable("delete", key, err)
	}
	return nil
}
