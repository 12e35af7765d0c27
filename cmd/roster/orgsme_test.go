package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"roster/models/modelstest"
	"roster/server/servertest"
)

// TestALogoInTheListOfAnAccountOpens as a client reads it: logs in, lists, and downloads without a credential (S0-09).
func TestALogoInTheListOfAnAccountOpens(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		const password = "correct horse battery"
		row := printedRow.FindStringSubmatch(fillDemo(t, dir, url, "--organizations", "60", "--users", "200", "--password", password))
		v := &visitor{t: t, base: s.base}
		v.signIn(row[1], password, 201)
		made := v.ask("POST", "apiKeys", `{"data":{"type":"apiKeys","attributes":{"name":"Logos","kind":"user","scopes":["*"]}}}`, 201)
		var key struct {
			ID         string
			Attributes struct{ Key string }
		}
		if err := json.Unmarshal(made.Data, &key); err != nil {
			t.Fatal(err)
		}
		exchange := func(method, path, body string, headers ...string) (int, []byte) {
			reply, read, err := servertest.Exchange(t.Context(), servertest.Fresh(), method, path, strings.NewReader(body), headers...)
			if err != nil {
				t.Fatal(err)
			}
			return reply.StatusCode, read
		}
		var picture bytes.Buffer
		if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 3))); err != nil {
			t.Fatal(err)
		}
		head := idIn(t, v.ask("GET", "organizations?page[size]=1&filter[kind]=company", "", 200).Data)
		status, uploaded := exchange("POST", s.base+"/public/v2/files?organizationId="+head, picture.String(), "Authorization",
			key.Attributes.Key,
			"Content-Type", "image/png", "Content-Disposition", `attachment; filename="black logo+.png"`)
		if status != http.StatusCreated {
			t.Fatalf("%d %s", status, uploaded)
		}
		var file struct{ Data struct{ ID string } }
		if err := json.Unmarshal(uploaded, &file); err != nil {
			t.Fatal(err)
		}
		v.ask("PATCH", "organizations/"+head, `{"data":{"type":"organizations","id":"`+head+
			`","relationships":{"logo":{"data":{"type":"files","id":"`+
			file.Data.ID+`"}}}}}`, 200)

		status, read := exchange("POST", s.base+"/api/auth/api-key/login", `{"key":"`+key.ID+`","secret":"`+key.Attributes.Key+`"}`,
			"Content-Type", "application/json")
		var tokens struct{ AccessToken string }
		if err := json.Unmarshal(read, &tokens); err != nil || status != 200 {
			t.Fatalf("%d %s", status, read)
		}
		var list []struct {
			Logo *struct{ FileName, SignedURL string }
		}
		status, read = exchange("GET", s.base+"/api/orgs/me", "", "Authorization", "Bearer "+tokens.AccessToken)
		if err := json.Unmarshal(read, &list); err != nil || status != 200 {
			t.Fatalf("%d %s", status, read)
		}
		opened := false
		for _, o := range list {
			if o.Logo == nil || o.Logo.FileName != "black logo+.png" {
				continue
			}
			if status, got := exchange("GET", o.Logo.SignedURL, ""); status != 200 || !bytes.Equal(got, picture.Bytes()) {
				t.Errorf("the logo at %s: %d, %d bytes", o.Logo.SignedURL, status, len(got))
			}
			if status, _ := exchange("GET", strings.Replace(o.Logo.SignedURL, "signature=", "signature=x", 1), ""); status != 404 {
				t.Errorf("with another signature: %d", status)
			}
			opened = true
		}
		if !opened {
			t.Errorf("the logo is not in %s", read)
		}
	})
}
