package models

import (
	"context"

	"roster/models/collection"
	"roster/models/store"
)

// SignedFiles returns files by their ids, with URLs of their content, for who sees what they are the logos of.
func SignedFiles(ctx context.Context, db *store.DB, ids []string) (map[string]*File, error) {
	found, err := collection.FindAll(ctx, db, Files, collection.Everything(), ids, nil)
	if err != nil {
		return nil, err
	}
	signed, err := signFiles(ctx, db, collection.Everything(), found)
	if err != nil {
		return nil, err
	}
	files := map[string]*File{}
	for _, item := range signed {
		f := item.(*File)
		files[f.ID] = f
	}
	return files, nil
}
