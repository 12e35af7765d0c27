// Package blobtest runs what stores of bytes speak to, for tests.
package blobtest

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"roster/models/blob"
)

// Bucket runs a program that speaks S3, and returns an empty bucket there.
func Bucket(t testing.TB) blob.Bucket {
	t.Helper()
	memory := s3mem.New()
	if err := memory.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(gofakes3.New(memory).Server())
	t.Cleanup(listening.Close)
	return blob.Bucket{
		Endpoint: strings.TrimPrefix(listening.URL, "http://"), Plain: true, Region: "eu-central-1", Name: "files", Prefix: "a/b",
		AccessKey: "AKIATEST", SecretKey: "secret",
	}
}

// InBucket returns the store in a bucket.
func InBucket(t testing.TB, b blob.Bucket) blob.Store {
	t.Helper()
	s, err := blob.InBucket(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
