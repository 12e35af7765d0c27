package models_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/blob"
	"roster/models/blob/blobtest"
	"roster/models/modelstest"
	"roster/models/store"
)

// watched is a store of bytes that knows what is in it, and can be out of order.
type watched struct {
	blob.Store
	keys   map[string]bool
	broken bool
}

func (w *watched) Put(ctx context.Context, key string, content []byte) error {
	if w.broken {
		return blob.ErrUnavailable
	}
	w.keys[key] = true
	return w.Store.Put(ctx, key, content)
}

func (w *watched) Delete(ctx context.Context, key string) error {
	if w.broken {
		return blob.ErrUnavailable
	}
	delete(w.keys, key)
	return w.Store.Delete(ctx, key)
}

// eachStore runs a test with each kind of store of bytes beside each database.
func eachStore(t *testing.T, test func(t *testing.T, db *store.DB, kept *watched, clock *modelstest.Clock)) {
	t.Helper()
	for _, dialect := range modelstest.Databases(t) {
		for name, open := range map[string]func(t *testing.T, cfg models.Config) blob.Store{
			"database": func(t *testing.T, cfg models.Config) blob.Store {
				return blob.InDatabase(modelstest.OpenConfig(t, cfg))
			},
			"bucket": func(t *testing.T, _ models.Config) blob.Store { return blobtest.InBucket(t, blobtest.Bucket(t)) },
			"directory": func(t *testing.T, _ models.Config) blob.Store {
				directory, err := blob.InDirectory(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				return directory
			},
		} {
			t.Run(string(dialect)+" "+name, func(t *testing.T) {
				t.Parallel()
				clock := modelstest.NewClock()
				cfg := modelstest.Config(t, dialect)
				cfg.Now = clock.Now
				kept := &watched{Store: open(t, cfg), keys: map[string]bool{}}
				cfg.Files.Blobs = kept
				test(t, modelstest.OpenConfig(t, cfg), kept, clock)
			})
		}
	}
}

// pixels returns a small PNG.
func pixels(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 10, 5))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func stage(t testing.TB, db *store.DB, owner models.FileOwner) *models.StagedFile {
	t.Helper()
	staged, err := models.StageFile(t.Context(), db, everything, owner, "logo.png", pixels(t))
	if err != nil {
		t.Fatal(err)
	}
	return staged
}

func file(t testing.TB, db *store.DB, owner models.FileOwner) *models.File {
	t.Helper()
	f, err := models.CreateFile(t.Context(), db, everything, stage(t, db, owner))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func sweep(t testing.TB, db *store.DB) int {
	t.Helper()
	n, err := models.SweepFiles(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNothingIsLeftForEver: bytes are there exactly as long as their file, whatever happens in between.
func TestNothingIsLeftForEver(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, db *store.DB, kept *watched, clock *modelstest.Clock) {
		ctx := t.Context()
		owner := models.FileOwner{Organization: organization(t, db, "Acme", "").ID}
		f := file(t, db, owner)
		for _, side := range []int{0, 64, 128, 64} {
			content, err := models.FileContent(ctx, db, f, side)
			if err != nil || len(content) == 0 {
				t.Fatalf("content of %d: %v", side, err)
			}
		}
		if want := map[string]bool{f.ID: true, f.ID + "-64": true, f.ID + "-128": true}; len(kept.keys) != len(want) {
			t.Errorf("kept are %v", kept.keys)
		}
		clock.Advance(2 * time.Hour)
		if n := sweep(t, db); n != 0 || len(kept.keys) != 3 {
			t.Errorf("%d were swept, kept are %v", n, kept.keys)
		}

		// What never became a file goes after an hour, and cannot become one after that.
		late := stage(t, db, owner)
		clock.Advance(time.Hour - time.Second)
		if n := sweep(t, db); n != 0 {
			t.Errorf("%d were swept before their time", n)
		}
		clock.Advance(time.Second)
		kept.broken = true
		if _, err := models.SweepFiles(ctx, db); !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("a sweep of a store that is out of order: %v", err)
		}
		_, err := models.CreateFile(ctx, db, everything, late)
		wantKind(t, err, store.Conflict, "")
		if _, err := models.StageFile(ctx, db, everything, owner, "", pixels(t)); !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("a store that is out of order takes bytes: %v", err)
		}
		kept.broken = false
		if n := sweep(t, db); n != 1 || len(kept.keys) != 3 {
			t.Errorf("%d were swept, kept are %v", n, kept.keys)
		}
		clock.Advance(time.Hour)
		sweep(t, db)

		// What is deleted goes with all that was made of it, also what is being made at that moment.
		if err := models.DeleteFile(ctx, db, everything, f.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := models.FileContent(ctx, db, f, 256); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
		sweep(t, db)
		if len(kept.keys) != 0 {
			t.Errorf("left are %v", kept.keys)
		}
		for _, side := range []int{0, 64} {
			_, err := models.FileContent(ctx, db, f, side)
			if !errors.Is(err, blob.ErrUnavailable) || !strings.Contains(err.Error(), f.ID) {
				t.Errorf("bytes that are not there any more, %d: %v", side, err)
			}
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestAUserGoesWithTheirFiles, and with the bytes of them.
func TestAUserGoesWithTheirFiles(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		u := user(t, db, "Ada", org.ID)
		f := file(t, db, models.FileOwner{User: u.ID})
		file(t, db, models.FileOwner{User: u.ID})
		_, err := models.UpdateUser(t.Context(), db, everything, u.ID, input(nil, relations{"avatar": one(f.ID)}))
		if err != nil {
			t.Fatal(err)
		}
		if err := models.DeleteUser(t.Context(), db, everything, u.ID, nil); err != nil {
			t.Fatal(err)
		}
		if n := sweep(t, db); n != 8 { // each with three squares, which were never made
			t.Errorf("%d were swept", n)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestUploadsThatComeToNothingAreFew: bytes that wait to be removed are bounded for each owner.
func TestUploadsThatComeToNothingAreFew(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		owner := models.FileOwner{Organization: organization(t, db, "Acme", "").ID}
		for range 2 * models.MaxFiles {
			stage(t, db, owner)
		}
		_, err := models.StageFile(t.Context(), db, everything, owner, "", pixels(t))
		wantKind(t, err, store.Conflict, "")
		stage(t, db, models.FileOwner{Organization: organization(t, db, "Other", "").ID})
	})
}

// TestAFileIsToldToWhoReadsItsOwner: an endpoint gets events of files from a caller that reads both kinds of owners.
func TestAFileIsToldToWhoReadsItsOwner(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		for _, c := range []struct {
			scopes []string
			taken  bool
		}{
			{[]string{"webhooks:write", "organizations:read"}, false}, {[]string{"webhooks:write", "users:read"}, false},
			{[]string{"webhooks:write", "users:read", "organizations:write"}, true},
		} {
			_, err := models.CreateWebhook(t.Context(), db, holding(everything, c.scopes...), input(
				attributes{"url": "https://127.0.0.1/", "eventTypes": jsonapi.Strings{"file.*"}}, relations{"organization": one(org.ID)}))
			if (err == nil) != c.taken {
				t.Errorf("%v: %v", c.scopes, err)
			}
		}
		names := store.Column(models.EventTypes(), func(e models.EventType) string { return e.Name })
		if !slices.Contains(names, "file.created") {
			t.Errorf("the types are %v", names)
		}
	})
}
