package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"roster/console"
	"roster/models"
	"roster/models/store"
)

// firstKey gives a new installation its first management key: in the file of the settings, or printed.
func (a *app) firstKey(ctx context.Context, stdout io.Writer, listen string) error {
	file := a.cfg.firstKeyFile
	if file != "" {
		made, err := models.HasManagementKey(ctx, a.db)
		if err != nil || made {
			return err
		}
		if err := a.cfg.checkFirstKeyFile(); err != nil { // again: before there is a key that nobody would see
			return err
		}
		return a.firstKeyTo(ctx, file)
	}
	if out, is := stdout.(*output); is && out.seen() != nil {
		return a.withoutFirstKey(ctx, out.seen())
	}
	err := handOver(ctx, a.db, func(tx *store.DB) (string, error) { return models.CreateFirstManagementKey(ctx, tx) },
		func(key string) error {
			if a.cfg.logFormat == "json" {
				return json.NewEncoder(stdout).Encode(map[string]string{"firstManagementKey": key, "url": a.cfg.publicURL(listen)})
			}
			return printFirstKey(stdout, a.cfg.publicURL(listen), key)
		})
	if err != nil {
		return fmt.Errorf("make the first management key: %w", err)
	}
	return nil
}

// withoutFirstKey tells that the first management key is not made, because nobody would see it. A server works without one, and whatever
// starts it may have its reasons for a stdout that keeps nothing.
func (a *app) withoutFirstKey(ctx context.Context, unseen error) error {
	made, err := models.HasManagementKey(ctx, a.db)
	if err == nil && !made {
		a.logger.WarnContext(ctx, "the first management key is not made, because nobody would see it: 'roster key first' prints it, "+
			"and --first-key-file (ROSTER_FIRST_KEY_FILE) is where a server puts it", "error", unseen)
	}
	return err
}

// checkFirstKeyFile refuses a file for the first management key that could not be written: it is there already, or its directory is not.
func (c *config) checkFirstKeyFile() error {
	if c.firstKeyFile == "" {
		return nil
	}
	wrong := ""
	if _, err := os.Lstat(c.firstKeyFile); err == nil {
		wrong = "there is such a file, and the first management key is to be written to a new one"
	} else if info, err := os.Stat(filepath.Dir(c.firstKeyFile)); err != nil || !info.IsDir() {
		wrong = "there is no such directory"
	}
	if wrong == "" {
		return nil
	}
	return usageError{fmt.Errorf("--first-key-file (ROSTER_FIRST_KEY_FILE) cannot be %q: %s", c.firstKeyFile, wrong)}
}

// checkFirstKeyFileOfNew is checkFirstKeyFile where there is no embedded database yet, before anything of it is made.
func (c *config) checkFirstKeyFileOfNew() error {
	path, embedded := c.sqlitePath()
	if !embedded {
		return nil
	}
	if found, err := c.databaseFileAt(followed(path)); err != nil || found != absent && found != empty {
		return nil //nolint:nilerr // whoever opens it says what is wrong with it
	}
	if err := c.checkPlace(); err != nil { // the file may be that of a database which is gone
		return err
	}
	return c.checkFirstKeyFile()
}

// checkFirstKeyFileOf is checkFirstKeyFile for a database that was opened and may be of any version, unless its first key was made before:
// then the file may be the one with that key.
func (c *config) checkFirstKeyFileOf(ctx context.Context, db *store.DB) error {
	if c.firstKeyFile == "" {
		return nil
	}
	schema, err := db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	if schema > 0 { // the columns that are asked are as old as the first one
		if made, err := models.HasManagementKey(ctx, db); err != nil || made {
			return err
		}
	}
	return c.checkFirstKeyFile()
}

// firstKeyTo makes the first management key and the file that it is in. There is no key without its file, on a full disk for example: what
// would be lost is not made.
func (a *app) firstKeyTo(ctx context.Context, file string) error {
	var kept error
	written := false
	err := store.Transaction(ctx, a.db, func(tx *store.DB) error {
		if written { // by a run that PostgreSQL refused
			if err := os.Remove(file); err != nil {
				return fmt.Errorf("write %s again: %w", file, err)
			}
		}
		written = false
		key, err := models.CreateFirstManagementKey(ctx, tx)
		if err != nil || key == "" { // another replica was first
			return err
		}
		kept = writeSecret(file, key)
		written = kept == nil
		return kept
	})
	if err == nil {
		if written {
			a.logger.InfoContext(ctx, "the first management key was made, and is in its file", "file", file)
		}
		return nil
	}
	if kept != nil {
		return fmt.Errorf("there is no first management key yet, because it could not be kept: %w; make room there, or name another file "+
			"with --first-key-file (ROSTER_FIRST_KEY_FILE), and start again", kept)
	}
	// Nobody knows whether a commit happened whose answer did not come. Then the file stays.
	if made, unsure := models.HasManagementKey(ctx, a.db); written && unsure == nil && !made {
		_ = os.Remove(file) // it holds a key that is none
	}
	return fmt.Errorf("make the first management key: %w", err)
}

// printFirstKey shows the management key of a new installation, the only time anybody can see it, and a command that works when pasted.
func printFirstKey(stdout io.Writer, base, key string) error {
	_, err := fmt.Fprintf(stdout, `The first management key, shown this once:

  %[1]s

Try it:

  curl -H 'Authorization: Bearer %[1]s' %[2]s/public/v2/management/organizations

All that there is to call: %[2]s/docs
%[3]s
`, key, base, inBrowser(base))
	return err
}

// inBrowser returns the line that leads to the console, if the program has one. Its door asks for a password first, which nobody has yet.
func inBrowser(base string) string {
	if at := consoleURL(base); at != "" {
		return "In a browser, where this key signs in as well: " + at + "\n"
	}
	return ""
}

// consoleURL returns where the console is, "" for a program without one.
func consoleURL(base string) string {
	if !console.Built {
		return ""
	}
	return base + console.Path + "/"
}

// publicURL returns the base of the URLs that are printed for users: the configured one, or the one of this machine.
func (c *config) publicURL(listen string) string {
	if c.baseURL != "" {
		return c.baseURL
	}
	return c.ownURL(listen)
}
