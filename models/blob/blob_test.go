package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"roster/models/blob"
	"roster/models/blob/blobtest"
	"roster/models/modelstest"
	"roster/models/store"
)

const (
	key    = "01912f6a-8c00-7abc-8def-0123456789ab"
	square = key + "-64"
)

// stores are every kind of store, empty.
func stores(t *testing.T) map[string]blob.Store {
	t.Helper()
	directory, err := blob.InDirectory(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]blob.Store{"a directory": directory, "a bucket": blobtest.InBucket(t, blobtest.Bucket(t))}
	for _, dialect := range modelstest.Dialects {
		all[string(dialect)] = blob.InDatabase(modelstest.Open(t, dialect))
	}
	return all
}

func TestEveryStoreKeepsBytes(t *testing.T) {
	t.Parallel()
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			want := func(key string, content []byte, problem error) {
				t.Helper()
				if got, err := s.Get(ctx, key); !errors.Is(err, problem) || !bytes.Equal(got, content) {
					t.Errorf("%d bytes and %v under %s, want %d and %v", len(got), err, key, len(content), problem)
				}
			}
			do := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			large := bytes.Repeat([]byte{0, 1, 0xff, '\n', '\''}, 1<<20)
			want(key, nil, blob.ErrNotThere)
			do(s.Delete(ctx, key))
			do(s.Put(ctx, key, large))
			do(s.Put(ctx, square, []byte("small")))
			want(key, large, nil)
			want(square, []byte("small"), nil)
			do(s.Put(ctx, key, []byte("instead")))
			want(key, []byte("instead"), nil)
			do(s.Delete(ctx, key))
			want(key, nil, blob.ErrNotThere)
			want(square, []byte("small"), nil)
			do(s.Delete(ctx, key))

			var writers sync.WaitGroup
			for range 8 {
				writers.Go(func() {
					if err := s.Put(ctx, key, large); err != nil {
						t.Error(err)
					}
				})
			}
			writers.Wait()
			want(key, large, nil)

			for _, wrong := range []string{"", ".", "../" + key, key + "/..", key + "-", "a/" + key, key + "\x00", strings.ToUpper(key)} {
				_, err := s.Get(ctx, wrong)
				if err == nil || errors.Is(err, blob.ErrNotThere) || s.Put(ctx, wrong, nil) == nil || s.Delete(ctx, wrong) == nil {
					t.Errorf("%q is taken for a key", wrong)
				}
			}
		})
	}
}

// TestAStoreThatCannotBeUsedSaysSo: a directory that takes no writes, a bucket that refuses, a database that is closed.
func TestAStoreThatCannotBeUsedSaysSo(t *testing.T) {
	t.Parallel()
	at := t.TempDir()
	directory, err := blob.InDirectory(at)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(at, key[34:]), []byte("in the way of the folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>SignatureDoesNotMatch</Code><Message>Check your key.</Message></Error>")
	}))
	t.Cleanup(refusing.Close)
	closed := modelstest.Open(t, store.SQLite)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	nowhere := blobtest.Bucket(t)
	nowhere.Name = "another"
	for name, s := range map[string]blob.Store{
		"a directory": directory, "a database": blob.InDatabase(closed), "no bucket": blobtest.InBucket(t, nowhere),
		"a bucket": blobtest.InBucket(t, blob.Bucket{Endpoint: strings.TrimPrefix(refusing.URL, "http://"), Plain: true, Region: "x",
			Name: "files", AccessKey: "a", SecretKey: "b"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			_, err := s.Get(ctx, key)
			for what, err := range map[string]error{"put": s.Put(ctx, key, []byte("x")), "get": err, "delete": s.Delete(ctx, key)} {
				if !errors.Is(err, blob.ErrUnavailable) {
					t.Errorf("%s: %v", what, err)
				}
				if name == "a bucket" && !strings.Contains(err.Error(), "403 SignatureDoesNotMatch") {
					t.Errorf("%s does not say why: %v", what, err)
				}
			}
		})
	}
}

func TestWhatIsUnfinishedIsUnderNoKey(t *testing.T) {
	t.Parallel()
	at := t.TempDir()
	directory, err := blob.InDirectory(at)
	if err != nil {
		t.Fatal(err)
	}
	if err := directory.Put(t.Context(), key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(at, "*", "*"))
	if err != nil || len(found) != 1 || found[0] != filepath.Join(at, key[34:], key) {
		t.Errorf("%v %v", found, err)
	}
}

// TestADirectoryIsWhatIsAtItsPath: nothing is written to one that was moved away, and nothing is made in its place.
func TestADirectoryIsWhatIsAtItsPath(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "files")
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := blob.InDirectory(at)
	if err != nil {
		t.Fatal(err)
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	gone := func() {
		t.Helper()
		ctx := t.Context()
		_, err := s.Get(ctx, key)
		for what, err := range map[string]error{"put": s.Put(ctx, key, []byte("x")), "get": err, "delete": s.Delete(ctx, key)} {
			if !errors.Is(err, blob.ErrUnavailable) || errors.Is(err, blob.ErrNotThere) {
				t.Errorf("%s without a directory: %v", what, err)
			}
		}
	}
	do(s.Put(t.Context(), key, []byte("before")))
	do(os.Rename(at, at+".gone"))
	gone()
	do(os.Mkdir(at, 0o700))
	do(s.Put(t.Context(), square, []byte("after")))
	if _, err := s.Get(t.Context(), key); !errors.Is(err, blob.ErrNotThere) {
		t.Errorf("what was moved away is read: %v", err)
	}
	if found, err := filepath.Glob(filepath.Join(at+"*", "*", "*")); err != nil || len(found) != 2 || filepath.Base(found[1]) != key ||
		filepath.Base(found[0]) != square {
		t.Errorf("what is kept: %v %v", found, err)
	}
	do(os.RemoveAll(at))
	gone()
	do(os.Mkdir(at, 0o700))
	do(s.Put(t.Context(), key, []byte("again")))
}

func TestADirectoryIsNotMadeAnywhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{filepath.Join(dir, "missing"), filepath.Join(dir, "file")} {
		if _, err := blob.InDirectory(at); err == nil {
			t.Errorf("%s is taken", at)
		}
	}
	below := filepath.Join(dir, "missing", "files")
	if made, err := blob.MakeDirectory(below); made || err == nil {
		t.Errorf("%s is made: %v", below, made)
	}
	if _, err := os.Stat(filepath.Join(dir, "missing")); !os.IsNotExist(err) {
		t.Errorf("the parent was made: %v", err)
	}
	at := filepath.Join(dir, "files")
	for _, want := range []bool{true, false} {
		if made, err := blob.MakeDirectory(at); made != want || err != nil {
			t.Errorf("%s is made: %v %v", at, made, err)
		}
	}
}
