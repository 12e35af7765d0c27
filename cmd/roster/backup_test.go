package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// managed sends a request with the first management key of a server, and returns status and body.
func (s *served) managed(method, path, body string) (status int, answer []byte) {
	s.t.Helper()
	key := keyPrinted.FindString(s.stdout.String())
	told, answer, err := servertest.Exchange(s.t.Context(), servertest.Fresh(), method, s.base+"/public/v2/"+path, strings.NewReader(body),
		"Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json")
	if err != nil {
		s.t.Fatal(err)
	}
	return told.StatusCode, answer
}

// create creates an organization, and returns its id.
func (s *served) create(name string) string {
	s.t.Helper()
	status, body := s.managed("POST", "organizations", `{"data":{"type":"organizations","attributes":{"name":"`+name+`"}}}`)
	var told struct{ Data struct{ ID string } }
	if err := json.Unmarshal(body, &told); status != 201 || err != nil {
		s.t.Fatalf("%d %s", status, body)
	}
	return told.Data.ID
}

// copied puts a file of one directory into another.
func copied(t *testing.T, name, from, to string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(from, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, name), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestABackupHasWhatWasAnswered backs up beside a server that eight clients write to, and restores it elsewhere.
func TestABackupHasWhatWasAnswered(t *testing.T) {
	t.Parallel()
	dir, elsewhere, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "roster.backup")
	s := serve(t, dir, frontDoors, "--rate-limit", "0")
	var mu sync.Mutex
	var answered []string
	var writers sync.WaitGroup
	enough, saved := make(chan struct{}), make(chan struct{})
	for range 8 {
		writers.Go(func() {
			for n := 0; ; n++ {
				id := s.create("Acme")
				mu.Lock()
				answered = append(answered, id)
				if len(answered) == 100 {
					close(enough)
				}
				mu.Unlock()
				select {
				case <-saved:
					return
				default:
				}
			}
		})
	}
	<-enough
	mu.Lock()
	before := strings.Join(answered, "\n")
	mu.Unlock()
	code, stdout, stderr := command(t, nil, "backup", "--data-dir", dir, file)
	close(saved)
	writers.Wait()
	if code != 0 || !strings.Contains(stdout, filepath.Join(dir, "secret.key")) || mode(t, file) != 0o600 {
		t.Fatalf("%d %s %s", code, stdout, stderr)
	}
	copied(t, "secret.key", dir, elsewhere)
	if code, stdout, stderr := command(t, nil, "restore", "--data-dir", elsewhere, file); code != 0 {
		t.Fatalf("%d %s %s", code, stdout, stderr)
	}
	if code, stdout, stderr := command(t, nil, "verify", "--data-dir", elsewhere); code != 0 || stdout != "everything agrees\n" {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	restored := serve(t, elsewhere, frontDoors)
	restored.stdout.WriteString(s.stdout.String()) // the key is that of the first server
	for id := range strings.SplitSeq(before, "\n") {
		if status, _ := restored.managed("GET", "organizations/"+id, ""); status != 200 {
			t.Errorf("%s was answered before, and is %d", id, status)
		}
	}
	if files, err := filepath.Glob(filepath.Join(elsewhere, ".*")); err != nil || len(files) != 0 {
		t.Errorf("left: %v %v", files, err)
	}
}

// TestABackupIsRestoredIntoAnEmptyPlace tries what must not be restored, or not there.
func TestABackupIsRestoredIntoAnEmptyPlace(t *testing.T) {
	t.Parallel()
	dir, files := t.TempDir(), t.TempDir()
	serve(t, dir, frontDoors).stop()
	good := filepath.Join(files, "good")
	if code, _, stderr := command(t, nil, "backup", "--data-dir", dir, good); code != 0 {
		t.Fatal(stderr)
	}
	if code, _, stderr := command(t, nil, "backup", "--data-dir", dir, good); code != 1 ||
		stderr != "roster: there is a file "+good+" already; a backup replaces none\n" {
		t.Errorf("a second time: %d %s", code, stderr)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), whole...)
	copy(damaged[len(damaged)/2:], strings.Repeat("damage ", 4000))
	for name, test := range map[string]struct {
		content []byte
		key     string // the directory of the key
		says    string
	}{
		"text":               {[]byte(strings.Repeat("no database ", 100)), dir, "file is not a database"},
		"nothing":            {nil, dir, "it is no database of this program"},
		"half of it":         {whole[:len(whole)/2], dir, "malformed"},
		"damaged":            {damaged, dir, ""},
		"without a key":      {whole, "", "there is no secret key "},
		"with another's key": {whole, "another", "the secret key is not the one this database was set up with"},
		"where one is":       {whole, "there", "there is a file "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place, file := t.TempDir(), filepath.Join(t.TempDir(), "backup")
			if err := os.WriteFile(file, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			switch test.key {
			case "another":
				if err := makeSecretKey(filepath.Join(place, "secret.key")); err != nil {
					t.Fatal(err)
				}
			case "there":
				copied(t, "secret.key", dir, place)
				copied(t, "roster.db", dir, place)
			case "":
			default:
				copied(t, "secret.key", test.key, place)
			}
			code, stdout, stderr := command(t, nil, "restore", "--data-dir", place, file)
			if code != 1 || stdout != "" || !strings.Contains(stderr, test.says) || strings.Contains(stderr, "draft") {
				t.Errorf("%d %s %s", code, stdout, stderr)
			}
			_, err := os.Stat(filepath.Join(place, "roster.db"))
			if there := err == nil; there != (test.key == "there") {
				t.Errorf("something is there: %t", there)
			}
			if left, _ := filepath.Glob(filepath.Join(place, ".*")); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestNothingBeginsAnewWhereSomethingWas starts where a part of an installation is gone.
func TestNothingBeginsAnewWhereSomethingWas(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	dir := t.TempDir()
	serve(t, dir, frontDoors) // runs, so that everything is in the write-ahead log
	for name, test := range map[string]struct {
		files []string
		says  string
	}{
		"the key alone":                      {[]string{"secret.key"}, "and no database "},
		"the database alone":                 {[]string{"roster.db", "roster.db-wal"}, "there is no secret key "},
		"the log alone":                      {[]string{"roster.db-wal"}, "and no database "},
		"the log and the key":                {[]string{"roster.db-wal", "secret.key"}, "and no database "},
		"the database without its log":       {[]string{"roster.db", "secret.key"}, "it was copied without its write-ahead log"},
		"the database without log and key":   {[]string{"roster.db"}, "it was copied without its write-ahead log"},
		"everything but what can be missing": {[]string{"roster.db", "roster.db-wal", "secret.key"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := t.TempDir()
			for _, file := range test.files {
				copied(t, file, dir, place)
			}
			for _, args := range [][]string{
				{"key", "create", "--kind", "management", "--name", "x"}, {"serve", "--listen", "127.0.0.1:0"}, {"verify"},
				{"demo", "--organizations", "1", "--users", "0"},
			} {
				if test.says == "" && args[0] == "serve" {
					continue
				}
				code, stdout, stderr := command(t, nil, append(args, "--data-dir", place)...)
				if refused := code != 0; refused != (test.says != "") || refused && (stdout != "" || !strings.Contains(stderr, test.says)) {
					t.Errorf("%s: %d %s %s", args[0], code, stdout, stderr)
				}
			}
			for _, file := range []string{"roster.db", "secret.key"} {
				if _, err := os.Stat(filepath.Join(place, file)); (err == nil) != slices.Contains(test.files, file) {
					t.Errorf("%s was made, or is gone: %v", file, err)
				}
			}
		})
	}
}

// TestVerifySaysWhatIsWrong verifies both databases, whole and broken.
func TestVerifySaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg, dir := modelstest.Config(t, dialect), t.TempDir()
			s := serve(t, dir, frontDoors, "--database-url", cfg.URL, "--migrate")
			s.create("Acme")
			// The limit is for requests: what reads everything takes as long as there is much of it.
			verify := []string{"verify", "--data-dir", dir, "--database-url", cfg.URL, "--statement-timeout", "1ms"}
			if code, stdout, stderr := command(t, nil, verify...); code != 0 || stdout != "everything agrees\n" {
				t.Errorf("%d %s %s", code, stdout, stderr)
			}
			writable := modelstest.Writable(modelstest.OpenConfig(t, cfg))
			if _, err := writable.ExecContext(t.Context(), `UPDATE counters SET n = n + 1 WHERE name = 'organizations'`); err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := command(t, nil, verify...)
			if code != 1 || stdout != "the counter organizations of all stands at 2, and counting finds 1\n" ||
				stderr != "roster: not everything agrees; what it says of counters, 'roster recount' sets right\n" {
				t.Errorf("%d %s %s", code, stdout, stderr)
			}
			recount := append([]string{"recount"}, verify[1:]...)
			for _, want := range []string{
				"the counter organizations of all stands at 2, and counting finds 1\nset: 1\n", "every counter agrees\n",
			} {
				if code, stdout, stderr := command(t, nil, recount...); code != 0 || stdout != want {
					t.Errorf("%d %s %s, want %s", code, stdout, stderr, want)
				}
			}
			if code, stdout, stderr := command(t, nil, verify...); code != 0 || stdout != "everything agrees\n" {
				t.Errorf("%d %s %s", code, stdout, stderr)
			}
			code, _, stderr = command(t, nil, "backup", "--data-dir", dir, "--database-url", cfg.URL, filepath.Join(t.TempDir(), "x"))
			if told := strings.Contains(stderr, "pg_dump"); told != (dialect == store.Postgres) || (code == 0) == told {
				t.Errorf("%d %s", code, stderr)
			}
		})
	}
}

// TestADatabaseInUseIsNoBackup restores from the place of a server that runs, whose last writes are in the log beside the file.
func TestADatabaseInUseIsNoBackup(t *testing.T) {
	t.Parallel()
	dir, elsewhere, backup := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "backup")
	s := serve(t, dir, frontDoors)
	id := s.create("Acme")
	copied(t, "secret.key", dir, elsewhere)
	file := filepath.Join(dir, "roster.db")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{file, link} {
		code, stdout, stderr := command(t, nil, "restore", from, "--data-dir", elsewhere)
		if code != exitFailure || stdout != "" || !strings.Contains(stderr, "is in "+file+"-wal beside it") ||
			!strings.Contains(stderr, "'roster backup FILE --database-url sqlite:"+from+"'") {
			t.Errorf("%d %s%s", code, stdout, stderr)
		}
	}
	for _, args := range [][]string{ // what it says to do
		{"backup", backup, "--database-url", "sqlite:" + file, "--data-dir", elsewhere}, {"restore", backup, "--data-dir", elsewhere},
	} {
		if code, _, stderr := command(t, nil, args...); code != exitOK {
			t.Fatalf("%s: %s", args[0], stderr)
		}
	}
	restored := serve(t, elsewhere, frontDoors)
	restored.stdout.WriteString(s.stdout.String()) // the key is that of the first server
	if status, _ := restored.managed("GET", "organizations/"+id, ""); status != 200 {
		t.Errorf("what was answered before is %d", status)
	}
}
