package models

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

type servedAt struct{}

// ServedAt returns the context of a request to the service at a URL without a slash at its end. What is told absolutely begins with it.
func ServedAt(ctx context.Context, base string) context.Context {
	return context.WithValue(ctx, servedAt{}, base)
}

// ContentPath returns where the content of a file is read.
func ContentPath(file string) string { return Files.Schema.URL() + "/" + file + "/content" }

// signature returns what makes a URL of a file that expires one of ours: a MAC over its path, whose it is, and the end. What was signed for
// one owner is nothing for another.
func signature(db *store.DB, f *File, expires int64) string {
	text := strings.Join([]string{ContentPath(f.ID), deref(f.OrganizationID), deref(f.UserID), strconv.FormatInt(expires, 10)}, "\n")
	return base64.RawURLEncoding.EncodeToString(db.Vault().Digest("file url", text))
}

// signFiles returns copies of files with URLs of their content.
func signFiles(ctx context.Context, db *store.DB, _ collection.Scope, items []any) ([]any, error) {
	base, _ := ctx.Value(servedAt{}).(string)
	end := db.Now().Add(allowedOn(db).Files.URLLifetime).Truncate(time.Second)
	signed := make([]any, len(items))
	for i, item := range items {
		f := *item.(*File)
		query := url.Values{"expires": {strconv.FormatInt(end.Unix(), 10)}, "signature": {signature(db, &f, end.Unix())}}
		at := base + ContentPath(f.ID) + "?" + query.Encode()
		f.SignedURL, f.SignedURLExpiresAt = &at, &jsonapi.Stamp{Time: end}
		signed[i] = &f
	}
	return signed, nil
}

// FindSignedFile returns the file of a signed URL, and when that ends. The error is of kind NotFound for every URL that is not one of ours,
// or not any more: of a file that was deleted, of an organization that was, of a user who is not active.
func FindSignedFile(ctx context.Context, db *store.DB, id, expires, signed string) (*File, time.Time, error) {
	nothing := store.NoResource(Files.Schema.Type, id)
	seconds, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != expires || !jsonapi.IsID(id) {
		return nil, time.Time{}, nothing
	}
	end := time.Unix(seconds, 0)
	if !end.After(db.Now()) {
		return nil, time.Time{}, nothing
	}
	var found []*File
	err = Files.From(ctx, db, collection.Condition(Files.Live), collection.Condition("files.id = ?", id),
		collection.Condition("(files.user_id IS NULL OR EXISTS (SELECT 1 FROM users fu WHERE fu.id = files.user_id AND fu.active))")).
		Find(&found).Error
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("find the file of a URL: %w", err)
	}
	if len(found) == 0 || !hmac.Equal([]byte(signed), []byte(signature(db, found[0], seconds))) {
		return nil, time.Time{}, nothing
	}
	return found[0], end, nil
}
