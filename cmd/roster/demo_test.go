package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// opened returns the database of a data directory beside whoever uses it.
func opened(t *testing.T, dir, url string) *store.DB {
	t.Helper()
	return openedConfig(t, dir, models.Config{Config: store.Config{URL: url, MaxConnections: 4, Now: time.Now}})
}

func openedConfig(t *testing.T, dir string, cfg models.Config) *store.DB {
	t.Helper()
	key, err := readSecretKey(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	db := modelstest.OpenConfig(t, cfg)
	if err := store.Unlock(t.Context(), db, key); err != nil {
		t.Fatal(err)
	}
	return db
}

// everyPage returns the attributes and ids of a whole collection as the API would list it.
func everyPage(t *testing.T, db *store.DB, c *collection.Collection) []any {
	t.Helper()
	var items []any
	for number := 1; ; number++ {
		q := &jsonapi.Query{Page: jsonapi.Page{Number: number, Size: jsonapi.MaxPageSize}}
		page, err := collection.List(t.Context(), db, c, collection.Everything(), q)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, page.Items...)
		if int64(len(items)) >= page.Total {
			return items
		}
	}
}

func fillDemo(t *testing.T, dir, url string, args ...string) string {
	t.Helper()
	args = append([]string{"demo", "--data-dir", dir, "--database-url", url, "--migrate", "--log-level", "warn"}, args...)
	withSecretKey(t, args)
	code, stdout, stderr := command(t, nil, args...)
	if code != 0 || stderr != "" { // no progress bar where there is no terminal
		t.Fatalf("%d %s", code, stderr)
	}
	return stdout
}

// lasting are the fields of the demo that do not depend on the day.
var lasting = map[string]map[string]bool{
	"files": {"fileName": true, "sha256": true, "organization": true},
	"organizations": {"name": true, "slug": true, "description": true, "kind": true, "isEventProducer": true, "locationTracking": true,
		"validFrom": true, "parent": true, "createdAt": true, "logo": true},
	"users": {"createdAt": true, "firstName": true, "lastName": true, "email": true, "phone": true, "timeZone": true, "locale": true,
		"externalId": true, "active": true},
	"memberships": {"createdAt": true, "user": true, "organization": true},
}

func TestTheSameSeedGivesTheSameData(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	dir := t.TempDir()
	var first []string
	for _, dialect := range modelstest.Dialects {
		url := modelstest.UnmigratedURL(t, dialect)
		if got := fillDemo(t, dir, url, "--organizations", "300", "--users", "700", "--seed",
			"9"); !strings.HasPrefix(got, "added 300 organizations and 700 users\n") {
			t.Errorf("%s: %s", dialect, got)
		}
		var all []string
		db := opened(t, dir, url)
		for _, c := range []*collection.Collection{models.Organizations, models.Users, models.Memberships, models.Files} {
			q := &jsonapi.Query{Fields: lasting}
			items := slices.DeleteFunc(everyPage(t, db, c), func(item any) bool {
				m, is := item.(*models.Membership)
				return is && m.CreatedAt.After(time.Now().AddDate(0, 0, -storyDays)) // of whoever has accepted an invitation
			})
			resources, err := collection.Render(t.Context(), db, c, collection.Everything(), items, c.Schema.URL(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range resources {
				encoded, err := jsonapi.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, string(encoded))
			}
		}
		if first == nil {
			first = all
		}
		if diff := cmp.Diff(first, all); diff != "" {
			t.Errorf("%s has other data than the first database: %s", dialect, diff)
		}
		if got := fillDemo(t, dir, url, "--organizations", "300", "--users", "700", "--seed",
			"9"); got != "added 0 organizations and 0 users\n" {
			t.Errorf("%s: again: %s", dialect, got)
		}
		if got := fillDemo(t, dir, url, "--organizations", "300", "--users", "700", "--seed",
			"10"); !strings.HasPrefix(got, "added 300 organizations and 700 users\n") {
			t.Errorf("%s: another seed: %s", dialect, got)
		}
	}
}

func TestTheDemoLooksLikeSomethingReal(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	d := makeDemo(2000, 3000, 1)
	levels, kinds, seen := map[int]int{}, map[string]int{}, map[string]bool{}
	valid, inactive := 0, 0
	for batch := d.next(); batch != nil; batch = d.next() {
		level := map[string]int{}
		for _, org := range batch.Organizations {
			kinds[org.Kind]++
			if org.ParentID != nil {
				above, known := level[*org.ParentID]
				if !known {
					t.Fatalf("%s comes before its parent", org.Slug)
				}
				level[org.ID] = above + 1
			} else {
				level[org.ID] = 1
			}
			levels[level[org.ID]]++
			if seen[org.ID] || seen[org.Slug] {
				t.Fatalf("%s or %s is there twice", org.ID, org.Slug)
			}
			seen[org.ID], seen[org.Slug] = true, true
			if org.ValidFrom != nil {
				valid++
			}
		}
		for _, user := range batch.Users {
			if seen[*user.Email] {
				t.Fatalf("%s is there twice", *user.Email)
			}
			seen[*user.Email] = true
			if !user.Active {
				inactive++
			}
			checkUser(t, user)
		}
	}
	if len(levels) != 4 || levels[4] < 100 {
		t.Errorf("levels: %v", levels)
	}
	if len(kinds) != 8 {
		t.Errorf("kinds: %v", kinds)
	}
	if valid < 300 || valid > 700 || inactive < 100 || inactive > 400 {
		t.Errorf("%d organizations with a validity, %d inactive users", valid, inactive)
	}
}

// checkUser holds a user against the rules that the API has for what clients send.
func checkUser(t *testing.T, user *models.User) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"data": map[string]any{"type": "users", "attributes": map[string]any{
		"firstName": user.FirstName, "lastName": user.LastName, "email": user.Email, "phone": user.Phone, "timeZone": user.TimeZone,
		"locale": user.Locale, "externalId": user.ExternalID,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jsonapi.DecodeResource(body, models.Users.Schema, jsonapi.Create, ""); err != nil {
		t.Fatalf("the API would refuse %s: %v", body, err)
	}
}

func TestTheDemoIsServed(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		key := strings.TrimSpace(fillDemoBeside(t, dir, url))
		list := func(path string) (total, length int) {
			answer, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET",
				s.base+path, nil, "Authorization", key)
			if err != nil || answer.StatusCode != 200 {
				t.Fatalf("%s: %v %s", path, err, body)
			}
			var document struct {
				Data []json.RawMessage
				Meta struct{ Total int }
			}
			if err := json.Unmarshal(body, &document); err != nil {
				t.Fatal(err)
			}
			return document.Meta.Total, len(document.Data)
		}
		for path, want := range map[string]int{
			"/public/v2/management/organizations": 500, "/public/v2/users?page[size]=200": 900,
			"/public/v2/organizations?filter[kind]=company&page[size]=200": -1, "/public/v2/memberships": -1,
		} {
			if total, length := list(path); want >= 0 && total != want || length == 0 {
				t.Errorf("%s: total %d with %d on the page, want %d", path, total, length, want)
			}
		}
		if total, length := list("/public/v2/files"); total != length || length == 0 {
			t.Errorf("%d logos, with %d on the page", total, length)
		}
		signed := firstLogo(t, s.base, key)
		if answer, picture, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", signed, nil, "Accept", "*/*"); err != nil ||
			answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "image/png" || len(picture) < 100 {
			t.Errorf("%s: %v %.200s", signed, err, picture)
		}
		// The counters of single organizations, against what the pages hold.
		db := opened(t, dir, url)
		for _, item := range everyPage(t, db, models.Organizations)[:40] {
			org := item.(*models.Organization)
			for _, filter := range []string{"organizations?filter[parent]=", "organizations?filter[ancestor]=",
				"users?filter[organizationId]=", "memberships?filter[organizationId]="} {
				if total, length := list("/public/v2/" + filter + org.ID + "&page[size]=200"); total != length {
					t.Errorf("%s%s: total %d, but %d are there", filter, org.ID, total, length)
				}
			}
		}
	})
}

// firstLogo returns where the logo of some organization is read.
func firstLogo(t *testing.T, base, key string) string {
	t.Helper()
	_, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET",
		base+"/public/v2/organizations?filter[logo][null]=false&include=logo&page[size]=1", nil, "Authorization", key)
	var document struct {
		Included []struct{ Attributes struct{ SignedURL string } }
	}
	if err == nil {
		err = json.Unmarshal(body, &document)
	}
	if err != nil || len(document.Included) != 1 {
		t.Fatalf("%v %s", err, body)
	}
	return document.Included[0].Attributes.SignedURL
}

// fillDemoBeside fills the database of a running server and returns a key for it.
func fillDemoBeside(t *testing.T, dir, url string) string {
	t.Helper()
	fillDemo(t, dir, url, "--organizations", "500", "--users", "900")
	code, key, stderr := command(t, nil, "key", "create", "--data-dir", dir, "--database-url", url, "--kind",
		"management", "--name", "reader")
	if code != 0 {
		t.Fatal(stderr)
	}
	return key
}

func TestAnInterruptedDemoIsCompleteAsFarAsItGotAndCanGoOn(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		args := []string{"key", "create", "--kind", "management", "--name", "first", "--data-dir", dir, "--database-url", url, "--migrate"}
		withSecretKey(t, args)
		code, _, stderr := command(t, nil, args...)
		if code != 0 {
			t.Fatal(stderr)
		}
		db := opened(t, dir, url)
		ctx, cancel := context.WithCancel(t.Context())
		d := makeDemo(4000, 8000, 3)
		if err := models.InsertBatch(ctx, db, d.next()); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := models.InsertBatch(ctx, db, d.next()); err == nil {
			t.Fatal("a batch was written after the interruption")
		}
		for _, c := range []*collection.Collection{models.Organizations, models.Users, models.Memberships} {
			q := &jsonapi.Query{Page: jsonapi.Page{Number: 1, Size: 1}}
			page, err := collection.List(t.Context(), db, c, collection.Everything(), q)
			if err != nil {
				t.Fatal(err)
			}
			if got := int64(len(everyPage(t, db, c))); got != page.Total || got == 0 {
				t.Errorf("%s: %d are there, the total says %d", c.Schema.Type, got, page.Total)
			}
		}
		if got := fillDemo(t, dir, url, "--organizations", "4000", "--users", "8000", "--seed",
			"3"); strings.HasPrefix(got, "added 4000 organizations and 8000 users\n") || !strings.Contains(got, "sign in with") {
			t.Errorf("it began anew, or nobody signs in: %s", got)
		}
		if got := len(everyPage(t, db, models.Organizations)); got != 4000 {
			t.Errorf("%d organizations in the end", got)
		}
	})
}

func TestADemoOrganizationGetsItsTokenByRefreshing(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		fillDemo(t, dir, url, "--organizations", "3", "--users", "3")
		db := opened(t, dir, url)
		org := everyPage(t, db, models.Organizations)[0].(*models.Organization)
		fresh, err := models.RefreshToken(t.Context(), db, operator, org.ID)
		if err != nil {
			t.Fatal(err)
		}
		holder, err := models.FindHolder(t.Context(), db, *fresh.Token)
		if err != nil || holder == nil || holder.OrganizationID != org.ID {
			t.Errorf("%v %v", holder, err)
		}
	})
}

func TestWrongNumbersForTheDemo(t *testing.T) {
	t.Parallel()
	for args, sentence := range map[string]string{
		"--organizations 0":              `--organizations cannot be "0": it must be a whole number from 1 to 100000000`,
		"--users many":                   `--users cannot be "many": it must be a whole number from 0 to 100000000`,
		"--seed -1":                      `--seed cannot be "-1": it must be a whole number from 0 to 2147483647`,
		"--password short":               `--password cannot be used: the password must have at least 12 characters`,
		"--organizations 1 --users 2000": `--users cannot be "2000": 1 organizations take at most 1000`,
	} {
		code, _, stderr := command(t, nil, append([]string{"demo", "--data-dir", t.TempDir()}, strings.Fields(args)...)...)
		if code != 2 || stderr != "roster: "+sentence+"\n" {
			t.Errorf("%s: %d %s", args, code, stderr)
		}
	}
}

func TestTheProgressBarIsForTerminalsOnly(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	(&program{stderr: &stderr}).progress(10).Add(10).Finish()
	if stderr.Len() > 0 {
		t.Errorf("%q", stderr.String())
	}
}
