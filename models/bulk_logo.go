package models

import (
	"context"
	"fmt"

	"roster/jsonapi"
	"roster/models/picture"
	"roster/models/store"
)

// Logo is the logo of an organization of a batch.
type Logo struct {
	ID           string
	CreatedAt    jsonapi.Stamp
	Organization string
	FileName     string
	Content      []byte
}

// stageLogos puts the bytes of the logos of a batch where they belong, and returns their files. It is called before any transaction.
func (b *Batch) stageLogos(ctx context.Context, db *store.DB) ([]*File, error) {
	var files []*File
	for _, l := range b.Logos {
		facts, err := picture.Check(l.Content)
		if err != nil {
			return nil, fmt.Errorf("look at the logo of %s: %w", l.Organization, err)
		}
		f := newFile(FileOwner{Organization: l.Organization}, facts, l.Content)
		f.ID, f.CreatedAt, f.FileName = l.ID, l.CreatedAt, l.FileName
		err = store.Transaction(ctx, db, func(tx *store.DB) error { return stageBlob(ctx, tx, f.ID, ownerOf(&f)) })
		if err == nil {
			err = allowedOn(db).Files.Blobs.Put(ctx, f.ID, l.Content)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, &f)
	}
	return files, nil
}

// hangLogos takes what was staged, and makes the organizations of a batch point at it. The files and the organizations are there.
func hangLogos(ctx context.Context, tx *store.DB, files []*File) error {
	for _, f := range files {
		kept, err := claimBlob(ctx, tx, f.ID)
		if err != nil {
			return err
		}
		if !kept {
			return fmt.Errorf("the bytes of file %s were removed before it was made", f.ID)
		}
		if _, err := tx.Exec(ctx, `UPDATE organizations SET logo_id = ? WHERE id = ?`, f.ID, *f.OrganizationID); err != nil {
			return fmt.Errorf("hang a logo: %w", err)
		}
	}
	return nil
}
