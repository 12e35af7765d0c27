package main

import (
	"bytes"
	"log"
	"log/slog"
	"strings"
	"testing"
)

func TestWhatLibrariesPrintGoesToTheLogWithoutWhatTheyQuote(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := log.New(libraryLog{slog.New(slog.NewJSONHandler(&out, nil))}, "", 0)
	logger.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "hunter2", nil)
	line := out.String()
	if !strings.Contains(line, `"level":"WARN"`) || !strings.Contains(line, "Unsolicited response received on idle HTTP channel") ||
		strings.Contains(line, "hunter2") {
		t.Errorf("logged: %s", line)
	}
}
