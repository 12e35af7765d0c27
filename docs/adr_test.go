package docs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Comments refer to decisions by number, and a reader looks for it in the list of files and on the page.
func TestADecisionHasItsNumberInItsTitle(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("adr/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in adr: %v", len(files), err)
	}
	title := regexp.MustCompile(`^# (\d{4}) · \S`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := bytes.Cut(text, []byte("\n"))
		if found := title.FindSubmatch(first); found == nil || string(found[1]) != filepath.Base(file)[:4] {
			t.Errorf("%s begins with %q", file, first)
		}
	}
}
