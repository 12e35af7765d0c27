package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/server/servertest"
)

func TestKeysBesideARunningServer(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		key := func(args ...string) string {
			t.Helper()
			code, stdout, stderr := command(t, nil, append(append([]string{"key"}, args...), "--data-dir", dir, "--database-url", url)...)
			if code != 0 || stderr != "" {
				t.Fatalf("key %s: %d %s", strings.Join(args, " "), code, stderr)
			}
			return stdout
		}
		status := func(credential, path string) int {
			t.Helper()
			answer, _, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", s.base+path, nil, "Authorization",
				strings.TrimSpace(credential))
			if err != nil {
				t.Fatal(err)
			}
			return answer.StatusCode
		}
		fillDemo(t, dir, url, "--organizations", "30", "--users", "10")
		org := everyPage(t, opened(t, dir, url), models.Organizations)[0].(*models.Organization)

		manager := key("create", "--kind", "management", "--name", "Console", "--expires", "90d")
		reader := key("create", "--kind", "organization", "--organization", strings.ToUpper(org.ID), "--scopes",
			"organizations:read, users:read", "--name", "Sync")
		for _, printed := range []string{manager, reader} {
			if _, _, ok := models.ParseSecret(nil, strings.TrimSuffix(printed, "\n")); !ok {
				t.Errorf("stdout is not a key and nothing else: %q", printed)
			}
		}
		for _, c := range []struct {
			key, path string
			want      int
		}{
			{manager, "/public/v2/management/organizations", 200},
			{reader, "/public/v2/management/organizations", 403},
			{reader, "/public/v2/organizations/" + org.ID, 200},
			{reader, "/public/v2/users", 200},
			{reader, "/public/v2/events", 403},
		} {
			if got := status(c.key, c.path); got != c.want {
				t.Errorf("%s: %d, want %d", c.path, got, c.want)
			}
		}

		ada := everyPage(t, opened(t, dir, url), models.Users)[0].(*models.User)
		for _, name := range []string{ada.ID, strings.ToUpper(*ada.Email)} {
			person := key("create", "--kind", "user", "--user", name, "--name", "Script", "--scopes", "users:read,invoices:approve")
			_, body := s.get("/public/v2/me", "Authorization", strings.TrimSpace(person))
			if !strings.Contains(string(body), ada.ID) {
				t.Errorf("the key of %s acts as %.200s", name, body)
			}
			if code, _, stderr := command(t, nil, "key", "create", "--kind", "user", "--user", "nobody@example.com", "--name", "x",
				"--data-dir", dir, "--database-url", url); code == 0 {
				t.Errorf("a key of nobody: %s", stderr)
			}
		}

		table := key("list")
		line := regexp.MustCompile(`(?m)^(\S+)  Console +management +all +\* +\S+ +(\S+) +never$`).FindStringSubmatch(table)
		sync := regexp.MustCompile(`Sync +organization +` + org.ID + ` +organizations:read,users:read +\S+ +never +never\n`)
		if line == nil || !sync.MatchString(table) {
			t.Fatalf("list:\n%s", table)
		}
		if expires, err := time.Parse(time.RFC3339, line[2]); err != nil || time.Until(expires) < 89*24*time.Hour ||
			time.Until(expires) > 90*24*time.Hour {
			t.Errorf("it expires %s", line[2])
		}
		var document struct {
			Data []struct {
				ID         string
				Attributes map[string]any
			}
		}
		printed := key("list", "--json")
		if err := json.Unmarshal([]byte(printed), &document); err != nil || len(document.Data) != 11 { // six of the demo, and the first
			t.Errorf("%v %s", err, printed)
		}
		for _, secret := range []string{manager, reader} {
			if secret = strings.TrimSpace(secret); strings.Contains(table+printed, secret) ||
				strings.Contains(table+printed, secret[len(secret)-30:]) {
				t.Error("a list has a secret")
			}
		}

		key("revoke", line[1])
		if got := status(manager, "/public/v2/management/organizations"); got != 401 {
			t.Errorf("after the revocation: %d", got)
		}
		if strings.Contains(key("list"), "Console") {
			t.Error("the revoked key is listed")
		}
		code, _, stderr := command(t, nil, "key", "revoke", "--data-dir", dir, "--database-url", url, line[1])
		if code != 1 || stderr != "roster: there is no key with the id "+line[1]+"; 'roster key list' shows those there are\n" {
			t.Errorf("revoked twice: %d %s", code, stderr)
		}
		var actor struct {
			Data []struct {
				Attributes struct{ Actor map[string]any }
			}
		}
		second := key("create", "--kind", "management", "--name", "Auditor")
		_, body := s.get("/public/v2/events?filter[eventType]=apiKey.revoked", "Authorization", strings.TrimSpace(second))
		if err := json.Unmarshal(body, &actor); err != nil || len(actor.Data) != 1 ||
			actor.Data[0].Attributes.Actor["name"] != "command line" {
			t.Errorf("%v %s", err, body)
		}
	})
}

func TestWrongValuesForKeys(t *testing.T) {
	t.Parallel()
	const nobody = "01912f6a-8c00-7abc-8def-0123456789ab"
	for args, sentence := range map[string]string{
		"create --name x":             `--kind cannot be "": it must be management or organization or user`,
		"create --kind user --name x": `--user is needed for a key of the kind user, and for no other`,
		"create --kind management --name x --user a@example.com": `--user is needed for a key of the kind user, and for no other`,
		"create --kind management --name x --scopes Read": `--scopes cannot be "Read": "Read" is no scope: it is one of ` +
			strings.Join(models.Scopes(), ", ") + `, or a word of an application`,
		"create --kind management":                             `--name cannot be "": it must not be empty`,
		"create --kind organization --name x":                  `--organization is needed for a key of the kind organization`,
		"create --kind organization --name x --organization 7": `--organization cannot be "7": it must be a UUID, as the API prints it`,
		"create --kind organization --name x --organization " + nobody: `There is no resource of type organizations with the id "` +
			nobody + `"`,
		"create --kind management --name x --scopes ,": `--scopes cannot be ",": a key without a scope can do nothing`,
		"create --kind management --name x --expires soon": `--expires cannot be "soon": it must be a time to come, such as ` +
			`90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z`,
		"create --kind management --name x --expires -1d": `--expires cannot be "-1d": it must be a time to come, such as ` +
			`90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z`,
		"create --kind management --name x --expires 0h":         `--expires cannot be "0h": it must be a time to come`,
		"create --kind management --name x --expires 2001-01-01": `--expires cannot be "2001-01-01": it must be a time to come`,
		"create --kind management --name " + strings.Repeat("x", 201): `--name cannot be "` + strings.Repeat("x", 201) +
			`": it must have at most 200 characters, not 201`,
		"create --kind management --name \u200b": "--name cannot be \"\\u200b\": it must have a character that can be seen",
		"revoke":                                 `'roster key revoke' takes one argument, the id of a key; 'roster key list' shows them`,
		"revoke 7": `the id of a key cannot be "7": it must be a UUID, as the API prints it; ` +
			`'roster key list' shows them`,
		"list all": `'roster key list' takes no argument, such as "all"`,
	} {
		code, stdout, stderr := command(t, nil,
			append(append([]string{"key"}, strings.Fields(args)...), optionsFor(args, t.TempDir())...)...)
		// the first opening of a database logs its migrations
		last := stderr[strings.LastIndex(strings.TrimSuffix(stderr, "\n"), "\n")+1:]
		if code != 2 || stdout != "" || last != "roster: "+sentence+"\n" {
			t.Errorf("key %.60s: %d %s%s", args, code, stdout, stderr)
		}
	}
}

// optionsFor keeps the commands that open a database away from the working directory.
func optionsFor(args, dir string) []string {
	if strings.HasPrefix(args, "create") {
		return []string{"--data-dir", dir}
	}
	return nil
}

func TestATimeToComeCanBeSaidInFourWays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 31, 10, 0, 0, 0, time.UTC)
	for value, want := range map[string]string{
		"90d": "2026-08-29T10:00:00Z", "12h": "2026-05-31T22:00:00Z", "1h30m": "2026-05-31T11:30:00Z",
		"2027-01-31": "2027-01-31T00:00:00Z", "2027-01-31T12:00:00+02:00": "2027-01-31T10:00:00Z",
	} {
		got, ok := parseMoment(value, now)
		if !ok || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %s %t, want %s", value, got, ok, want)
		}
	}
}

// TestAKeyThatTheServiceRefusesIsNoWrongUsage makes keys until an organization has as many as it can.
func TestAKeyThatTheServiceRefusesIsNoWrongUsage(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		key := func(args ...string) (int, string, string) {
			return command(t, nil,
				append(append([]string{"key"}, args...), "--data-dir", dir, "--database-url", url, "--log-level", "error")...)
		}
		fillDemo(t, dir, url, "--organizations", "1", "--users", "0")
		organization := everyPage(t, opened(t, dir, url), models.Organizations)[0].(*models.Organization).ID
		for range 100 {
			if code, _, stderr := key("create", "--kind", "organization", "--organization", organization, "--name", "x"); code != 0 {
				t.Fatal(stderr)
			}
		}
		code, stdout, stderr := key("create", "--kind", "organization", "--organization", organization, "--name", "x")
		if code != 1 || stdout != "" || stderr != "roster: An organization has at most 100 keys. Delete one that is not used\n" {
			t.Errorf("%d %s %s", code, stdout, stderr)
		}
	})
}

// TestTheFirstKeyIsMadeBeforeTheFirstStart is a job beside the servers: whichever comes first makes the key, and nobody makes another.
func TestTheFirstKeyIsMadeBeforeTheFirstStart(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		where := []string{"--data-dir", dir, "--database-url", url, "--migrate"}
		withSecretKey(t, where)
		first := func() (string, string) {
			t.Helper()
			code, stdout, stderr := command(t, map[string]string{"ROSTER_LOG_LEVEL": "warn"}, append([]string{"key", "first"}, where...)...)
			if code != 0 {
				t.Fatalf("%d %s", code, stderr)
			}
			return stdout, stderr
		}
		key, said := first()
		if _, _, ok := models.ParseSecret(nil, strings.TrimSuffix(key, "\n")); !ok || said != "" {
			t.Fatalf("stdout is not a key and nothing else: %q, stderr %q", key, said)
		}
		const another = "'roster key create --kind management --name NAME' makes another one"
		if again, said := first(); again != "" || !strings.Contains(said, another) {
			t.Errorf("the second time it prints %q and says %q", again, said)
		}
		s := serve(t, dir, frontDoors, where...)
		if s.stdout.Len() > 0 {
			t.Errorf("the server prints a key, too: %s", s.stdout)
		}
		if status, _ := s.get("/public/v2/management/organizations", "Authorization", strings.TrimSpace(key)); status.StatusCode != 200 {
			t.Errorf("the key is answered with %d", status.StatusCode)
		}
	})
}
