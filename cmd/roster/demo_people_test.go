package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/server/servertest"
)

// visitor is somebody who has read what a demo prints.
type visitor struct {
	t      *testing.T
	base   string
	cookie string
}

// answered is of one resource or a list of them.
type answered struct {
	Data json.RawMessage
	Meta struct {
		Total       int
		Permissions map[string][]string
	}
}

func (v *visitor) ask(method, path, body string, want int, headers ...string) (a answered) {
	v.t.Helper()
	if v.cookie != "" {
		headers = append(headers, "Cookie", v.cookie, "Sec-Fetch-Site", "same-origin")
	}
	reply, read, err := servertest.Exchange(v.t.Context(), servertest.Fresh(), method, v.base+"/public/v2/"+path, strings.NewReader(body),
		append(headers, "Content-Type", "application/vnd.api+json")...)
	if err != nil || reply.StatusCode != want {
		v.t.Fatalf("%s %s: %v %d, want %d: %s", method, path, err, reply.StatusCode, want, read)
	}
	if err := json.Unmarshal(read, &a); err != nil {
		v.t.Fatal(err)
	}
	for _, cookie := range (&http.Response{Header: reply.Header}).Cookies() {
		v.cookie = cookie.Name + "=" + cookie.Value
	}
	return a
}

func (v *visitor) signIn(email, password string, want int) {
	v.t.Helper()
	v.cookie = ""
	v.ask("POST", "sessions", `{"data":{"type":"sessions","attributes":{"email":"`+email+`","password":"`+password+`"}}}`, want)
}

// printedRow is a line of the table that a demo prints.
var printedRow = regexp.MustCompile(`(?m)^(\S+@\S+\.example) {3,}(.+?) {3,}(.+?) {3,}(\d+)$`)

func TestWhomTheDemoNamesSignsInAndSeesWhatItSays(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		v := &visitor{t: t, base: s.base}
		for seed, password := range []string{"", "correct horse battery"} {
			args := []string{"--organizations", "60", "--users", "200", "--seed", strconv.Itoa(seed)}
			if password != "" {
				args = append(args, "--password", password)
			}
			printed := fillDemo(t, dir, url, args...)
			rows := printedRow.FindAllStringSubmatch(printed, -1)
			if shown := regexp.MustCompile(`the password (.+), which`).FindStringSubmatch(printed); len(rows) != theFormer || shown == nil {
				t.Fatalf("it printed %s", printed)
			} else if password == "" {
				password = shown[1]
			}
			for part, row := range rows {
				v.signIn(row[1], "not "+password, 401)
				v.signIn(row[1], password, 201)
				if got := v.ask("GET", "organizations?page[size]=1", "", 200).Meta.Total; strconv.Itoa(got) != row[4] || got == 0 {
					t.Errorf("%s sees %d organizations: %s", row[1], got, row[0])
				}
				v.wantPart(part)
			}
			if again := fillDemo(t, dir, url, args...); again != "added 0 organizations and 0 users\n" {
				t.Errorf("again: %s", again)
			}
		}
	})
}

// wantPart makes sure that who has signed in has the permissions of a part at home.
func (v *visitor) wantPart(part int) {
	v.t.Helper()
	var of []struct {
		Relationships struct {
			Organization struct{ Data struct{ ID string } }
		}
	}
	var me struct{ ID string }
	if err := json.Unmarshal(v.ask("GET", "me", "", 200).Data, &me); err != nil {
		v.t.Fatal(err)
	}
	err := json.Unmarshal(v.ask("GET", "users/"+me.ID+"/memberships?sort=createdAt", "", 200).Data, &of)
	if err != nil || len(of) == 0 {
		v.t.Fatalf("%v: no membership", err)
	}
	if two := part == theMember; (len(of) == 2) != two {
		v.t.Errorf("part %d has %d memberships", part, len(of))
	}
	home := of[0].Relationships.Organization.Data.ID
	word := map[int]string{
		theOwner: "*", theAdmin: "organizations:delete", theManager: "invitations:write", theAccountant: "invoices:approve",
		theDirector: "budgets:approve", theMember: "write", theViewer: "read",
	}[part]
	words := v.ask("GET", "me?filter[organizationId]="+home, "", 200).Meta.Permissions[home]
	if !strings.Contains(" "+strings.Join(words, " ")+" ", " "+word+" ") {
		v.t.Errorf("part %d holds %v at home, not %s", part, words, word)
	}
}

func TestTheDemoHasInvitationsInEveryStateAndKeysThatAreAboutToEnd(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		v := &visitor{t: t, base: s.base}
		key := strings.TrimSpace(fillDemoBeside(t, dir, url))
		for _, list := range []string{
			"invitations?filter[state]=pending", "invitations?filter[state]=accepted", "invitations?filter[state]=declined",
			"invitations?filter[state]=revoked", "invitations?filter[state]=expired",
			"roles?filter[builtIn]=false&filter[inheritable]=true", "roles?filter[builtIn]=false&filter[inheritable]=false",
		} {
			want := 1
			if strings.HasSuffix(list, "pending") {
				want = 2 // one of them is about to end
			}
			if got := v.ask("GET", list, "", 200, "Authorization", key).Meta.Total; got != want {
				t.Errorf("%s: %d", list, got)
			}
		}
		soon := "&filter[expiresAt][lt]=" + time.Now().AddDate(0, 0, 7).UTC().Format("2006-01-02T15:04:05Z")
		for list, want := range map[string]int{
			"apiKeys?filter[kind]=user" + soon: 2, "apiKeys?filter[kind]=organization" + soon: 1,
			"apiKeys?filter[kind]=organization&filter[expiresAt][null]=true&filter[lastUsedAt][null]=true": 1,
		} {
			if got := v.ask("GET", list, "", 200, "Authorization", key).Meta.Total; got != want {
				t.Errorf("%s: %d", list, got)
			}
		}
	})
}

func TestEveryTreeOfTheDemoHasAnOwnerAndOneHasTheCast(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	d := makeDemo(2000, 6000, 1)
	for batch := d.next(); batch != nil; batch = d.next() {
		owned, active, people := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for _, user := range batch.Users {
			active[user.ID] = user.Active
		}
		for _, m := range batch.Memberships {
			people[m.OrganizationID] = true
			owned[m.OrganizationID] = owned[m.OrganizationID] || batch.Roles[m.ID][0] == models.RoleOwner && active[m.UserID]
		}
		for _, org := range batch.Organizations {
			if org.ParentID == nil && people[org.ID] && !owned[org.ID] {
				t.Errorf("%s has people and no owner", org.Name)
			}
		}
	}
	if d.cast == nil || d.cast.host.User == nil || d.cast.actors[theFormer].Active {
		t.Errorf("the cast is %+v", d.cast)
	} else if parent := d.cast.actors[theViewer].home.ParentID; parent == nil || *parent != d.cast.actors[theManager].home.ID {
		t.Errorf("the viewer is at %+v", d.cast.actors[theViewer].home)
	}
	few := makeDemo(10, 7, 1)
	for few.next() != nil {
	}
	if few.cast != nil {
		t.Error("seven people have eight parts")
	}
}
