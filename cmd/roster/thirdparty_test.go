package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"
)

// The copy in third_party must be what its author published: go.mod's replace takes it out of the checksum database's sight.
func TestTheCopyOfGoogleJSONAPIIsThePublishedModule(t *testing.T) {
	t.Parallel()
	const version = "github.com/google/jsonapi@v1.0.0"
	root := filepath.Join("..", "..", "third_party")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	published := regexp.MustCompile(`github\.com/google/jsonapi v1\.0\.0 (h1:\S+)`).FindSubmatch(readme)
	if published == nil {
		t.Fatal("third_party/README.md names no hash")
	}
	got, err := dirhash.HashDir(filepath.Join(root, "google-jsonapi"), version, dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	if want := string(published[1]); got != want {
		t.Errorf("third_party/google-jsonapi has the hash %s, the published module %s", got, want)
	}
}

func TestAChangedCopyHasAnotherHash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "third_party", "google-jsonapi"))); err != nil {
		t.Fatal(err)
	}
	before, err := dirhash.HashDir(dir, "m@v1", dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "errors.go"), []byte("package jsonapi\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if after, err := dirhash.HashDir(dir, "m@v1", dirhash.Hash1); err != nil || after == before {
		t.Errorf("the hash is %s before and %s after (%v), want two", before, after, err)
	}
}
