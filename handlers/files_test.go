package handlers_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
)

// drawn returns a picture, as a PNG.
func drawn(t *testing.T, width, height int) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// in returns a small picture in another format.
func in(t *testing.T, format string) string {
	t.Helper()
	m, out := image.NewPaletted(image.Rect(0, 0, 8, 4), color.Palette{color.Black, color.White}), bytes.Buffer{}
	var err error
	switch format {
	case "image/jpeg":
		err = jpeg.Encode(&out, m, nil)
	case "image/gif":
		err = gif.EncodeAll(&out, &gif.GIF{Image: []*image.Paletted{m, m}, Delay: []int{1, 1}})
	case "image/webp":
		return "RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// form returns a form with files, and its media type. Each is a Content-Disposition and content.
func form(t *testing.T, parts ...string) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for i := 0; i+1 < len(parts); i += 2 {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {parts[i]}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), w.FormDataContentType()
}

// TestWhatIsTaken uploads bytes of every kind under every name.
func TestWhatIsTaken(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		small := drawn(t, 8, 4)
		named := func(disposition string) []string { return []string{"Content-Disposition", disposition} }
		oneForm, formType := form(t, `form-data; name="file"; filename="C:\Pictures\logo.png"`, small)
		twoForms, twoTypes := form(t, `form-data; name="file"; filename="a.png"`, small, `form-data; name="b"`, "x")
		largeForm, largeType := form(t, `form-data; name="file"; filename="a.png"`, small+strings.Repeat("x", models.MaxFile))
		for what, c := range map[string]struct {
			body        string
			headers     []string
			status      int
			contentType string
			name        string
		}{
			"a PNG":                   {small, named(`attachment; filename="logo.png"`), 201, "image/png", "logo.png"},
			"a JPEG":                  {in(t, "image/jpeg"), nil, 201, "image/jpeg", "image.jpeg"},
			"a GIF":                   {in(t, "image/gif"), nil, 201, "image/gif", "image.gif"},
			"a WebP":                  {in(t, "image/webp"), nil, 201, "image/webp", "image.webp"},
			"another Content-Type":    {small, []string{"Content-Type", "text/html"}, 201, "image/png", "image.png"},
			"that of documents":       {small, []string{"Content-Type", jsonapi.MediaType}, 201, "image/png", "image.png"},
			"no Content-Type":         {small, []string{"Content-Type", ""}, 201, "image/png", "image.png"},
			"a script behind the end": {small + "<script>alert(1)</script>", nil, 201, "image/png", "image.png"},
			"a path":                  {small, named(`attachment; filename="../../etc/passwd"`), 201, "image/png", "passwd"},
			"a path of Windows":       {small, named(`attachment; filename="..\\..\\logo.png"`), 201, "image/png", "logo.png"},
			"a path and no more":      {small, named(`attachment; filename="/a/.."`), 201, "image/png", "image.png"},
			"letters of the world":    {small, named(`attachment; filename*=UTF-8''%C3%BC%20%E6%97%A5.png`), 201, "image/png", "ü 日.png"},
			"a form":                  {oneForm, []string{"Content-Type", formType}, 201, "image/png", "logo.png"},

			"a line in the name":      {small, named(`attachment; filename*=UTF-8''a%0Ab.png`), 422, "", ""},
			"a name without end":      {small, named(`attachment; filename="` + strings.Repeat("é", 201) + `"`), 422, "", ""},
			"no Content-Disposition":  {small, named(`attachment; filename`), 400, "", ""},
			"a form of two":           {twoForms, []string{"Content-Type", twoTypes}, 400, "", ""},
			"a form of none":          {"--x--\r\n", []string{"Content-Type", "multipart/form-data; boundary=x"}, 400, "", ""},
			"a form that breaks off":  {oneForm[:len(oneForm)-30], []string{"Content-Type", formType}, 400, "", ""},
			"a form without boundary": {oneForm, []string{"Content-Type", "multipart/form-data"}, 400, "", ""},
			"nothing":                 {"", nil, 415, "", ""},
			"half of it":              {small[:len(small)/2], nil, 415, "", ""},
			"an SVG":                  {`<svg xmlns="http://www.w3.org/2000/svg"/>`, nil, 415, "", ""},
			"a document":              {`{"data":{"type":"files"}}`, []string{"Content-Type", jsonapi.MediaType}, 415, "", ""},
			"compressed":              {small, []string{"Content-Encoding", "gzip"}, 415, "", ""},
			"4097 pixels":             {drawn(t, 4097, 1), nil, 422, "", ""},
			"five mebibytes and one":  {small + strings.Repeat("x", models.MaxFile-len(small)+1), nil, 413, "", ""},
			"far more":                {small + strings.Repeat("x", 2*models.MaxFile), nil, 413, "", ""},
			"more in a form":          {largeForm, []string{"Content-Type", largeType}, 413, "", ""},
		} {
			org, _ := s.organization(what)
			a := s.upload("organizationId="+org, c.body, c.headers...)
			if a.Status != c.status {
				t.Errorf("%s: %d, want %d: %.300s", what, a.Status, c.status, a.Body)
				continue
			}
			if c.status != 201 {
				if got := a.errors()[0].Status; got != fmt.Sprint(c.status) {
					t.Errorf("%s: the error is %s", what, a.Body)
				}
				continue
			}
			got := a.json("data", "attributes").(object)
			if got["contentType"] != c.contentType || got["fileName"] != c.name || got["fileType"] != "Image" ||
				got["size"] != float64(len(c.body)) && what != "a form" || got["width"].(float64) < 1 || len(got["sha256"].(string)) != 64 {
				t.Errorf("%s: %v", what, got)
			}
		}
		five, _ := s.organization("Five")
		s.upload("organizationId="+five, small+strings.Repeat("x", models.MaxFile-len(small))).want(201)
		modelstest.CheckConsistency(t, s.db)
	})
}

// usersOnly returns the service as a management key sees it that may do nothing but write users.
func (s *service) usersOnly() *service {
	s.t.Helper()
	key := resource("apiKeys", object{"name": "k", "kind": "management", "scopes": []string{"users:write"}})
	return s.as(s.do("POST", "/public/v2/apiKeys", key).want(201).text("data", "attributes", "key"))
}

// TestWhoUploads: who may change an organization or a user gives it files.
func TestWhoUploads(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		otherToken := s.do("POST", "/public/v2/management/refresh-token/"+f.other, nil).want(200).text("data", "attributes", "token")
		leafToken := s.do("POST", "/public/v2/management/refresh-token/"+f.leaf, nil).want(200).text("data", "attributes", "token")
		ada, asAda := s.person("Ada", f.branch, models.RoleManager)
		bob, asBob := s.person("Bob", f.leaf, models.RoleMember)
		_, asEve := s.person("Eve", f.other, models.RoleOwner)
		s.member(bob, f.other)
		usersOnly := s.usersOnly()

		for what, c := range map[string]struct {
			as     *service
			query  string
			status int
		}{
			"a manager above":             {asAda, "organizationId=" + f.leaf, 201},
			"a manager, for the top":      {asAda, "organizationId=" + f.top, 404},
			"a member":                    {asBob, "organizationId=" + f.leaf, 403},
			"a stranger":                  {asEve, "organizationId=" + f.leaf, 404},
			"its token":                   {s.as(leafToken), "organizationId=" + f.leaf, 201},
			"its token, without a word":   {s.as(leafToken), "", 201},
			"another token":               {s.as(otherToken), "organizationId=" + f.leaf, 404},
			"nobody's":                    {s, "", 400},
			"two":                         {s, "organizationId=" + f.leaf + "&userId=" + ada, 400},
			"another parameter":           {s, "organizationId=" + f.leaf + "&name=x", 400},
			"no id":                       {s, "organizationId=leaf", 404},
			"oneself":                     {asBob, "userId=" + bob, 201},
			"a manager, for a member":     {asAda, "userId=" + ada, 201},
			"a manager, for a shared one": {asAda, "userId=" + bob, 403},
			"a member, for a manager":     {asBob, "userId=" + ada, 404},
			"a key for users":             {usersOnly, "userId=" + bob, 201},
			"that, for an organization":   {usersOnly, "organizationId=" + f.leaf, 403},
		} {
			if a := c.as.upload(c.query, pixel); a.Status != c.status {
				t.Errorf("%s: %d, want %d: %s", what, a.Status, c.status, a.Body)
			}
		}
	})
}

// TestWhoSeesAndDeletes: who sees an organization or a user sees the files, who may change it deletes them.
func TestWhoSeesAndDeletes(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		otherToken := s.do("POST", "/public/v2/management/refresh-token/"+f.other, nil).want(200).text("data", "attributes", "token")
		_, asAda := s.person("Ada", f.branch, models.RoleManager)
		bob, asBob := s.person("Bob", f.leaf, models.RoleMember)
		_, asEve := s.person("Eve", f.other, models.RoleOwner)
		s.member(bob, f.other)
		usersOnly := s.usersOnly()
		of := s.file(f.leaf)
		avatar := asBob.upload("userId="+bob, pixel).want(201).text("data", "id")
		for what, c := range map[string]struct {
			as              *service
			organization    int
			user            int
			changes, erases int
		}{
			"a manager above": {asAda, 200, 200, 404, 403}, "a member": {asBob, 200, 200, 403, 404},
			"a stranger": {asEve, 404, 200, 404, 403}, "another token": {s.as(otherToken), 404, 200, 404, 403},
			"a key for users": {usersOnly, 404, 200, 404, 404},
		} {
			if a := c.as.get("/public/v2/files/" + of); a.Status != c.organization {
				t.Errorf("%s sees the organization's with %d", what, a.Status)
			}
			if a := c.as.get("/public/v2/files/" + avatar); a.Status != c.user {
				t.Errorf("%s sees the user's with %d", what, a.Status)
			}
			listed := c.as.get("/public/v2/files?page[size]=200").want(200).ids("data")
			if slices.Contains(listed, of) != (c.organization == 200) || slices.Contains(listed, avatar) != (c.user == 200) {
				t.Errorf("%s lists %v", what, listed)
			}
			if what != "a manager above" {
				if a := c.as.do("DELETE", "/public/v2/files/"+of, nil); a.Status != c.changes {
					t.Errorf("%s deletes the organization's with %d", what, a.Status)
				}
			}
			if what != "a member" && what != "a key for users" {
				if a := c.as.do("DELETE", "/public/v2/files/"+avatar, nil); a.Status != c.erases {
					t.Errorf("%s deletes the user's with %d", what, a.Status)
				}
			}
		}
		if got := s.get("/public/v2/files?filter[organizationId]="+f.leaf).want(200).json("meta", "total"); got != 1.0 {
			t.Errorf("the organization has %v files", got)
		}
		if got := s.get("/public/v2/files?filter[userId]="+bob).want(200).json("meta", "total"); got != 1.0 {
			t.Errorf("the user has %v files", got)
		}
		asBob.do("DELETE", "/public/v2/files/"+avatar, nil).want(204)
		s.atomic(object{"op": "remove", "ref": ref("files", of)}).want(204)
		s.get("/public/v2/files/" + of).want(404)
		refused := s.atomic(object{"op": "add", "data": object{"type": "files", "attributes": object{}}})
		if !strings.Contains(string(refused.want(403).Body), "cannot add resources of the type files") {
			t.Errorf("%s", refused.Body)
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

func TestAPictureIsOnesOwn(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		ada, asAda := s.person("Ada", f.branch, models.RoleManager)
		logo, foreign := s.file(f.branch), s.file(f.other)
		avatar := asAda.upload("userId="+ada, pixel).want(201).text("data", "id")
		org, user := "/public/v2/organizations/"+f.branch, "/public/v2/users/"+ada
		point := func(as *service, path, typ, relationship, file string) *answer {
			id := path[strings.LastIndex(path, "/")+1:]
			return as.do("PATCH", path, withID(resource(typ, object{}, relationship, ref("files", file)), id))
		}
		for what, c := range map[string]struct {
			a      *answer
			status int
		}{
			"a file of another organization": {point(s, org, "organizations", "logo", foreign), 409},
			"an avatar":                      {point(s, org, "organizations", "logo", avatar), 409},
			"a logo for a user":              {point(s, user, "users", "avatar", logo), 409},
			"a file out of sight":            {point(asAda, org, "organizations", "logo", foreign), 404},
			"a missing file":                 {point(s, org, "organizations", "logo", missingID), 404},
			"a file of another on creation": {s.do("POST", "/public/v2/organizations",
				resource("organizations", object{"name": "x"}, "logo", ref("files", logo))), 409},
			"a file of another, for a new one": {s.do("POST", "/public/v2/users",
				resource("users", object{"firstName": "x"}, "avatar", ref("files", avatar))), 409},
		} {
			got := c.a.want(c.status).errors()[0].Pointer
			if !strings.HasPrefix(got, "/data/relationships/") {
				t.Errorf("%s is told at %q", what, got)
			}
		}

		was := s.get(org).Header.Get("ETag")
		point(asAda, org, "organizations", "logo", logo).want(200)
		point(asAda, user, "users", "avatar", avatar).want(200)
		is := s.get(org).Header.Get("ETag")
		if is == was {
			t.Error("a logo is no new version")
		}
		point(asAda, org, "organizations", "logo", logo).want(200)
		if again := s.get(org).Header.Get("ETag"); again != is {
			t.Error("the same logo is a new version")
		}
		included := s.get(org + "?include=logo").want(200)
		signedURL := included.text("included", 0, "attributes", "signedUrl")
		if included.text("included", 0, "id") != logo || !strings.HasPrefix(signedURL, s.url) {
			t.Errorf("included is %s", included.Body)
		}
		if got := s.get(user+"/avatar").want(200).text("data", "id"); got != avatar {
			t.Errorf("the avatar is %s", got)
		}

		// Who deletes a file empties what points at it.
		signed := s.signedURL(logo)
		s.content(signed + "&size=64").want(200)
		asAda.do("DELETE", "/public/v2/files/"+logo, nil).want(204)
		asAda.do("DELETE", "/public/v2/files/"+avatar, nil).want(204)
		s.content(signed).want(404)
		s.content(signed + "&size=64").want(404)
		for path, name := range map[string]string{org: "logo", user: "avatar"} {
			if got := s.get(path).want(200).json("data", "relationships", name, "data"); got != nil {
				t.Errorf("the %s is %v", name, got)
			}
		}
		if s.get(org).Header.Get("ETag") == is {
			t.Error("a logo that is gone is no new version")
		}
		s.do("PATCH", org, withID(resource("organizations", object{"name": "New"}), f.branch), "If-Match", is).want(412)
		s.toldOf(t, logo, f.branch, "logo")
		modelstest.CheckConsistency(t, s.db)
	})
}

// toldOf checks the events about a logo that was made, taken and deleted.
func (s *service) toldOf(t *testing.T, file, organization, relationship string) {
	t.Helper()
	var types []string
	for _, e := range s.get("/public/v2/events?filter[subjectId]=" + file).want(200).json("data").([]any) {
		attributes := e.(object)["attributes"].(object)
		types = append(types, attributes["eventType"].(string))
		told := attributes["resource"].(object)["attributes"].(object)
		if told["signedUrl"] != nil || told["signedUrlExpiresAt"] != nil || told["fileType"] != "Image" || told["number"].(float64) < 1 {
			t.Errorf("told of a file: %v", told)
		}
	}
	if !slices.Equal(types, []string{"file.created", "file.deleted"}) {
		t.Errorf("the events of the file are %v", types)
	}
	var changes []string
	for _, e := range s.get("/public/v2/events?filter[eventType]=organization.updated&filter[subjectId]=" + organization).want(200).
		json("data").([]any) {
		change, _ := e.(object)["attributes"].(object)["changes"].(object)[relationship].(object)
		changes = append(changes, fmt.Sprint(change["before"], change["after"]))
	}
	named := object{"id": file, "name": "logo.png"}
	if !slices.Equal(changes, []string{fmt.Sprint(nil, named), fmt.Sprint(named, nil)}) {
		t.Errorf("the changes are %v", changes)
	}
}

// TestWhoIsGoneShowsNothing: a deleted organization until it is restored, somebody inactive, a deleted user.
func TestWhoIsGoneShowsNothing(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		id := s.file(org)
		at := managed + "/" + org
		s.do("PATCH", at+"/relationships/logo", object{"data": ref("files", id)}).want(200)
		signed := s.signedURL(id)
		s.do("DELETE", at, nil).want(204)
		s.content(signed).want(404)
		s.get("/public/v2/files/" + id).want(404)
		s.upload("organizationId="+org, pixel).want(404)
		s.do("PATCH", at, withID(resource("organizations", object{"deletedAt": nil}), org)).want(200)
		s.content(signed).want(200)
		if got := s.get(at).text("data", "relationships", "logo", "data", "id"); got != id {
			t.Errorf("restored, the logo is %v", got)
		}

		user, _ := s.person("Ada", org)
		avatar := s.upload("userId="+user, pixel).want(201).text("data", "id")
		at = "/public/v2/users/" + user
		s.do("PATCH", at+"/relationships/avatar", object{"data": ref("files", avatar)}).want(200)
		signed = s.signedURL(avatar)
		s.content(signed + "&size=128").want(200)
		s.do("PATCH", at, withID(resource("users", object{"active": false}), user)).want(200)
		s.content(signed).want(404)
		s.get("/public/v2/files/" + avatar).want(200)
		s.do("PATCH", at, withID(resource("users", object{"active": true}), user)).want(200)
		s.content(signed).want(200)
		s.do("DELETE", at, nil).want(204)
		s.content(signed).want(404)
		s.get("/public/v2/files/" + avatar).want(404)
		deleted := s.get("/public/v2/events?filter[eventType]=file.deleted&filter[organizationId]=" + org).want(200)
		if deleted.text("data", 0, "attributes", "resource", "id") != avatar {
			t.Errorf("the end of an avatar is told by %s", deleted.Body)
		}
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestBytesThatAreLostAreUnavailable, as a whole and as a square; the file is still told of.
func TestBytesThatAreLostAreUnavailable(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		id := s.file(org)
		signed := s.signedURL(id)
		if _, err := s.db.Exec(t.Context(), `DELETE FROM blobs`); err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{"", "&size=64"} {
			if got := s.content(signed + query).want(503).errors()[0].Code; got != "unavailable" {
				t.Errorf("the code is %s", got)
			}
		}
		s.get("/public/v2/files/" + id).want(200)
	})
}

// TestAtMostTwentyFiles, also of thirty that come at the same time.
func TestAtMostTwentyFiles(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, token := s.organization("Acme")
		own := s.as(token)
		var mu sync.Mutex
		counts := map[int]int{}
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				a := own.upload("organizationId="+org, pixel)
				mu.Lock()
				defer mu.Unlock()
				counts[a.Status]++
			})
		}
		all.Wait()
		if counts[201] != models.MaxFiles || counts[409] != 30-models.MaxFiles {
			t.Errorf("thirty at once: %v", counts)
		}
		if got := s.get("/public/v2/files?filter[organizationId]="+org).json("meta", "total"); got != float64(models.MaxFiles) {
			t.Errorf("there are %v", got)
		}
		s.do("DELETE", "/public/v2/files/"+own.get("/public/v2/files").text("data", 0, "id"), nil).want(204)
		own.upload("", pixel).want(201)
		own.upload("", pixel).want(409)
		modelstest.CheckConsistency(t, s.db)
	})
}

// TestAnUploadIsRepeated with the same key: there is one file.
func TestAnUploadIsRepeated(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		org, _ := s.organization("Acme")
		first := s.upload("organizationId="+org, pixel, "Idempotency-Key", "k").want(201)
		again := s.upload("organizationId="+org, pixel, "Idempotency-Key", "k").want(201)
		if again.text("data", "id") != first.text("data", "id") || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("repeated: %s", again.Body)
		}
		s.upload("organizationId="+org, pixel+"x", "Idempotency-Key", "k").want(422)
		if got := s.get("/public/v2/files").json("meta", "total"); got != 1.0 {
			t.Errorf("there are %v", got)
		}
	})
}
