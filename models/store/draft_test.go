package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"roster/models/store"
)

// writeFiles writes files, by their paths, in directories that are made for them.
func writeFiles(t *testing.T, files ...string) {
	t.Helper()
	for _, file := range files {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

// TestADraftRemovesWhatAKilledOneHasLeft writes a file beside drafts that nobody has any more, one that somebody has, and what is no draft.
func TestADraftRemovesWhatAKilledOneHasLeft(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	busy, err := store.NewDraft(filepath.Join(dir, "other.backup"))
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, filepath.Join(elsewhere, "lock"), filepath.Join(elsewhere, "draft"),
		filepath.Join(dir, ".roster-draft-1", "lock"), filepath.Join(dir, ".roster-draft-1", "draft"),
		filepath.Join(dir, ".roster-draft-1", "draft-journal"), filepath.Join(dir, ".roster-draft-file"),
		filepath.Join(dir, ".roster-draft-kept", "mine"), filepath.Join(dir, "roster.backup-1", "lock"))
	if err := errors.Join(os.Mkdir(filepath.Join(dir, ".roster-draft-2"), 0o700),
		os.Symlink(elsewhere, filepath.Join(dir, ".roster-draft-link")),
		os.Mkdir(filepath.Join(dir, ".roster-draft-trap"), 0o700),
		os.Symlink(filepath.Join(elsewhere, "made"), filepath.Join(dir, ".roster-draft-trap", "lock"))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "roster.backup")
	draft, err := store.NewDraft(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(draft.Path(), []byte("whole"), 0o600); err != nil {
		t.Fatal(err)
	}
	if size, err := draft.Publish(path); err != nil || size != 5 {
		t.Fatal(size, err)
	}
	draft.Close()
	if all, want := names(t, dir), []string{filepath.Base(filepath.Dir(busy.Path())), ".roster-draft-file", ".roster-draft-kept",
		".roster-draft-link", ".roster-draft-trap", "roster.backup", "roster.backup-1"}; !slices.Equal(all, want) {
		t.Errorf("%q, want %q", all, want)
	}
	if all := names(t, elsewhere); !slices.Equal(all, []string{"draft", "lock"}) {
		t.Errorf("elsewhere is %q", all)
	}
	if _, err := busy.Publish(filepath.Join(dir, "other.backup")); err != nil {
		t.Errorf("the one that was being written: %v", err)
	}
	if _, err := store.NewDraft(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over one that is there: %v", err)
	}
	if content, err := os.ReadFile(path); string(content) != "whole" {
		t.Errorf("%q %v", content, err)
	}
	busy.Close()
}

// TestDraftsOfManyDoNotRemoveEachOther makes many at once in one directory, each of which looks for what others have left.
func TestDraftsOfManyDoNotRemoveEachOther(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	failed := make(chan error)
	const writers = 16
	for i := range writers {
		go func() {
			var err error
			for n := 0; n < 50 && err == nil; n++ {
				err = writeDraft(filepath.Join(dir, string(rune('a'+i))))
			}
			failed <- err
		}()
	}
	for range writers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if all := names(t, dir); len(all) != 0 {
		t.Errorf("left: %q", all)
	}
}

// writeDraft writes a file, and removes it.
func writeDraft(path string) error {
	draft, err := store.NewDraft(path)
	if err != nil {
		return err
	}
	defer draft.Close()
	if err := os.WriteFile(draft.Path(), []byte("x"), 0o600); err != nil {
		return err
	}
	if _, err := draft.Publish(path); err != nil {
		return err
	}
	return os.Remove(path)
}
