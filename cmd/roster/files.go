package main

import (
	"errors"
	"fmt"
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
		kept, err := blob.InDirectory(filepath.FromSlash(c.files.Path))
		if err != nil {
			return nil, usageError{fmt.Errorf("--files (ROSTER_FILES) cannot be %q: %w", c.files, err)}
		}
		return kept, nil
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
