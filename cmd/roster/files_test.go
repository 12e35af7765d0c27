package main

import (
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/models/blob/blobtest"
	"roster/server/servertest"
)

// TestFilesAreKeptWhereTheSettingSays serves with a directory, and reads a logo there and at a URL that begins as --base-url says.
func TestFilesAreKeptWhereTheSettingSays(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), filepath.Join(t.TempDir(), "files")
	s := serve(t, dir, frontDoors, "--files", "file://"+filepath.ToSlash(kept), "--base-url", "https://roster.example.com/",
		"--file-url-lifetime", "1h")
	code, key, stderr := command(t, nil, "key", "create", "--data-dir", dir, "--kind", "management", "--name", "k")
	if code != 0 {
		t.Fatal(stderr)
	}
	key = strings.TrimSpace(key)
	ask := func(method, path, body string, headers ...string) (answer struct {
		Data struct {
			ID         string
			Attributes struct{ SignedURL string }
		}
	},
	) {
		t.Helper()
		headers = append(headers, "Authorization", key)
		reply, got, err := servertest.Exchange(t.Context(), servertest.Fresh(), method, s.base+path, strings.NewReader(body), headers...)
		if err == nil {
			err = json.Unmarshal(got, &answer)
		}
		if err != nil || reply.StatusCode != 201 {
			t.Fatalf("%s: %v %s", path, err, got)
		}
		return answer
	}
	org := ask("POST", "/public/v2/organizations", `{"data":{"type":"organizations","attributes":{"name":"Acme"}}}`, "Content-Type",
		"application/vnd.api+json").Data.ID
	logo := string(drawLogo("Acme Corporation", rand.New(rand.NewPCG(1, 2))))
	file := ask("POST", "/public/v2/files?organizationId="+org, logo, "Content-Type", "image/png").Data
	signed, outside := strings.CutPrefix(file.Attributes.SignedURL, "https://roster.example.com/public/")
	if !outside {
		t.Fatalf("the URL is %s", file.Attributes.SignedURL)
	}
	if reply, got := s.get("/public/" + signed); reply.StatusCode != 200 || string(got) != logo {
		t.Errorf("%d %.200s", reply.StatusCode, got)
	}
	found, err := filepath.Glob(filepath.Join(kept, "*", "*"))
	if err != nil || len(found) != 1 || filepath.Base(found[0]) != file.ID {
		t.Errorf("kept are %v %v", found, err)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}

// TestADirectoryOfFilesThatIsNotThere is made by a server, which says so; what looks after an installation names it, and the others leave it
// alone.
func TestADirectoryOfFilesThatIsNotThere(t *testing.T) {
	t.Parallel()
	dir, kept, backup := t.TempDir(), filepath.Join(t.TempDir(), "files"), filepath.Join(t.TempDir(), "backup")
	files := []string{"--data-dir", dir, "--files", "file://" + filepath.ToSlash(kept)}
	s := serve(t, dir, noRoutes, files[2:]...)
	s.log.Match(t, `"level":"WARN","msg":"the directory of files was not there, and is made[^}]*"files":"`+kept+`"`)
	s.stop()
	again := serve(t, dir, noRoutes, files[2:]...)
	again.stop()
	if strings.Contains(again.log.String(), "directory of files") {
		t.Errorf("it was there: %s", again.log)
	}
	if code, _, stderr := command(t, nil, append([]string{"backup", backup}, files...)...); code != exitOK {
		t.Errorf("where it is: %s", stderr)
	}
	if err := os.Remove(kept); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"backup", backup + ".other"}, {"restore", backup}, {"verify"}, {"copy-to", "postgres://localhost/roster"},
	} {
		code, _, stderr := command(t, nil, append(args, files...)...)
		if want := `cannot be "file://` + kept + `": there is no such directory`; code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: %d %s", args, code, stderr)
		}
	}
	for _, args := range [][]string{
		{"migrate", "up"}, {"key", "create", "--kind", "management", "--name", "x"}, {"secret-key", "status"},
	} {
		if code, _, stderr := command(t, nil, append(args, files...)...); code != exitOK {
			t.Errorf("%v: %s", args, stderr)
		}
	}
	if _, err := os.Stat(kept); !os.IsNotExist(err) {
		t.Errorf("one of them has made it: %v", err)
	}
}

// TestADirectoryThatCannotBeUsedKeepsFromStarting, before anything is made.
func TestADirectoryThatCannotBeUsedKeepsFromStarting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database, missing := filepath.Join(dir, "roster.db"), filepath.ToSlash(filepath.Join(dir, "missing", "files"))
	code, _, stderr := command(t, nil, "serve", "--data-dir", dir, "--files", "file://"+missing)
	if want := `roster: --files (ROSTER_FILES) cannot be "file://` + missing + `": `; code != 2 || !strings.HasPrefix(stderr, want) {
		t.Errorf("%d %s", code, stderr)
	}
	if _, err := os.Stat(database); !os.IsNotExist(err) {
		t.Errorf("the database was made: %v", err)
	}
}

// TestABucketIsWhatItsURLSays opens a bucket by its setting, with the credentials of the environment, and keeps something there.
func TestABucketIsWhatItsURLSays(t *testing.T) {
	t.Parallel()
	b := blobtest.Bucket(t)
	setting, err := url.Parse("s3://" + b.Name + "/" + b.Prefix + "/?endpoint=http://" + b.Endpoint + "&region=" + b.Region)
	if err != nil {
		t.Fatal(err)
	}
	c := &config{files: setting, getenv: func(name string) string {
		return map[string]string{accessKey: b.AccessKey, accessSecret: b.SecretKey}[name]
	}}
	opened, err := c.blobs()
	if err != nil {
		t.Fatal(err)
	}
	const key = "01912f6a-8c00-7abc-8def-0123456789ab"
	if err := opened.Put(t.Context(), key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := blobtest.InBucket(t, b).Get(t.Context(), key); err != nil || string(got) != "x" {
		t.Errorf("%q %v", got, err)
	}
	if none, err := new(config).blobs(); none != nil || err != nil {
		t.Errorf("without a setting: %v %v", none, err)
	}
}
