package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"

	"roster/models/blob"
)

// blobs returns where the bytes of files are kept, nil for the database.
func (c *config) blobs() (blob.Store, error) {
	switch {
	case c.files == nil:
		return nil, nil
	case c.files.Scheme == "file":
		kept, err := blob.InDirectory(c.filesDirectory())
		return kept, c.refuseFiles(err)
	}
	query := c.files.Query()
	endpoint, err := url.Parse(query.Get("endpoint"))
	if err != nil { // it was parsed before
		return nil, err
	}
	return blob.InBucket(blob.Bucket{
		Endpoint: endpoint.Host, Plain: endpoint.Scheme == "http", Region: query.Get("region"), Name: c.files.Host,
		Prefix:    strings.Trim(c.files.Path, "/"),
		AccessKey: c.getenv(accessKey), SecretKey: c.getenv(accessSecret), SessionToken: c.getenv("AWS_SESSION_TOKEN"),
	})
}

// filesDirectory returns the directory that files are kept in, "" where they are kept elsewhere.
func (c *config) filesDirectory() string {
	if c.files == nil || c.files.Scheme != "file" {
		return ""
	}
	return filepath.FromSlash(c.files.Path)
}

func (c *config) refuseFiles(err error) error {
	if err == nil {
		return nil
	}
	return usageError{fmt.Errorf("--files (ROSTER_FILES) cannot be %q: %w", c.files, err)}
}

// makeFilesDirectory makes the directory of files for a command that puts some there, unless it is there.
func (c *config) makeFilesDirectory(ctx context.Context, logger *slog.Logger) error {
	at := c.filesDirectory()
	if at == "" {
		return nil
	}
	made, err := blob.MakeDirectory(at)
	if made {
		logger.WarnContext(ctx, "the directory of files was not there, and is made: if there are files already, they are elsewhere",
			"files", at)
	}
	return c.refuseFiles(err)
}

// findFiles makes sure that the directory of files is there, for a command that looks after what is: one with a mistake in its name looks
// like one without files.
func (c *config) findFiles() error {
	at := c.filesDirectory()
	if at == "" {
		return nil
	}
	_, err := blob.InDirectory(at)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such directory; correct its name, or put the directory of the files back (or an empty one in its " +
			"place, where there never were any)")
	}
	return c.refuseFiles(err)
}

// The variables with the credentials of a bucket, which are those that every client of S3 takes.
const (
	accessKey    = "AWS_ACCESS_KEY_ID"
	accessSecret = "AWS_SECRET_ACCESS_KEY" //nolint:gosec // the name of one
)

// lacksAccess reports whether the files are to be in a bucket that nobody has the credentials of.
func (c *config) lacksAccess() bool {
	return c.files != nil && c.files.Scheme == "s3" && (c.getenv(accessKey) == "" || c.getenv(accessSecret) == "")
}

// filesURL sets where the bytes of files are kept.
func filesURL(into **url.URL) func(string) error {
	return func(value string) error {
		u, err := url.Parse(value)
		if err != nil || u.User != nil || u.Fragment != "" || !isDirectory(u) && !isBucket(u) {
			return errors.New("it must be file:///directory, or s3://bucket/prefix?endpoint=https://host&region=name")
		}
		*into = u
		return nil
	}
}

func isDirectory(u *url.URL) bool {
	return u.Scheme == "file" && u.Host == "" && strings.HasPrefix(u.Path, "/") && u.RawQuery == ""
}

func isBucket(u *url.URL) bool {
	query := u.Query()
	endpoint, err := url.Parse(query.Get("endpoint"))
	if err != nil || endpoint.Host == "" || strings.Trim(endpoint.Path, "/") != "" {
		return false
	}
	return u.Scheme == "s3" && u.Host != "" && query.Get("region") != "" && len(query) == 2 &&
		(endpoint.Scheme == "https" || endpoint.Scheme == "http")
}
