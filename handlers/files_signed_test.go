package handlers_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
)

// content reads a signed URL, as anybody.
func (s *service) content(signed string, headers ...string) *answer {
	s.t.Helper()
	return s.as("").get(strings.TrimPrefix(signed, s.url), headers...)
}

// signedURL returns where the content of a file is read, made absolute by the host that was asked.
func (s *service) signedURL(file string) string {
	s.t.Helper()
	signed := s.get("/public/v2/files/"+file).want(200).text("data", "attributes", "signedUrl")
	if !strings.HasPrefix(signed, s.url+"/public/v2/files/"+file+"/content?") {
		s.t.Fatalf("the URL is %s", signed)
	}
	return signed
}

func TestASignedURL(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		org, _ := s.organization("Acme")
		other, _ := s.organization("Other")
		picture := drawn(t, 30, 20)
		made := s.upload("organizationId="+org, picture, "Content-Disposition", `attachment; filename*=UTF-8''%C3%BCber.png`).want(201)
		id, second := made.text("data", "id"), s.file(other)
		signed := s.signedURL(id)
		in15 := clock.Now().Add(15 * time.Minute).UTC().Format("2006-01-02T15:04:05+00:00")
		if end := made.text("data", "attributes", "signedUrlExpiresAt"); end != in15 {
			t.Errorf("it ends at %s", end)
		}

		s.readWhole(signed, picture)
		s.readSquares(signed)
		s.readAltered(signed, id, second)

		clock.Advance(15*time.Minute - time.Second)
		if left := s.content(signed).want(200).Header.Get("Cache-Control"); left != "private, max-age=1" {
			t.Errorf("a second before the end: %s", left)
		}
		clock.Advance(time.Second)
		s.content(signed).want(404)
		s.content(s.signedURL(id)).want(200)
	})
}

// readWhole reads the content of a signed URL in every way.
func (s *service) readWhole(signed, picture string) {
	t := s.t
	t.Helper()
	whole := s.content(signed).want(200)
	if string(whole.Body) != picture {
		t.Error("what is read is not what was sent")
	}
	for name, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=900",
		"Accept-Ranges":       "bytes",
		"Content-Disposition": "inline; filename*=utf-8''%C3%BCber.png", "Content-Security-Policy": "sandbox; default-src 'none'",
	} {
		if got := whole.Header.Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	etag := whole.Header.Get("ETag")
	s.content(signed, "If-None-Match", etag).want(304)
	s.content(signed, "If-Match", `"other"`).want(412)
	if part := s.content(signed, "Range", "bytes=1-3").want(206); string(part.Body) != picture[1:4] ||
		part.Header.Get("Content-Range") != fmt.Sprintf("bytes 1-3/%d", len(picture)) {
		t.Errorf("a part is %q of %s", part.Body, part.Header.Get("Content-Range"))
	}
	s.content(signed, "Range", "bytes=1-3", "If-Range", `"other"`).want(200)
	if all := s.content(signed, "Range", "bytes=9999999-").want(200); string(all.Body) != picture {
		t.Error("a part that there is none of is not all")
	}
	s.as("").send("HEAD", strings.TrimPrefix(signed, s.url), nil).want(200)
	s.content(signed, "Accept", "image/webp").want(200) // there is one form of it
	s.as(s.key+"x").send("GET", strings.TrimPrefix(signed, s.url), nil).want(200)
}

// readSquares reads the squares of a picture, and sizes that there are none of.
func (s *service) readSquares(signed string) {
	t := s.t
	t.Helper()
	etag := s.content(signed).Header.Get("ETag")
	for _, side := range []int{64, 128, 256} {
		first := s.content(fmt.Sprintf("%s&size=%d", signed, side)).want(200)
		m, err := png.Decode(bytes.NewReader(first.Body))
		if err != nil || m.Bounds() != image.Rect(0, 0, side, side) || first.Header.Get("ETag") == etag {
			t.Errorf("a square: %v %v", m, err)
		}
		if again := s.content(fmt.Sprintf("%s&size=%d", signed, side)).want(200); !bytes.Equal(again.Body, first.Body) {
			t.Error("a square is another the second time")
		}
	}
	for query, status := range map[string]int{"&size=": 400, "&size=63": 400, "&size=064": 400, "&size=64&size=64": 400, "&x=1": 400} {
		if a := s.content(signed + query); a.Status != status {
			t.Errorf("%s: %d", query, a.Status)
		}
	}
}

// readAltered reads what a signed URL of a file can be altered to, with the help of another one.
func (s *service) readAltered(signed, id, second string) {
	t := s.t
	t.Helper()
	missing := s.get("/public/v2/files/"+missingID).want(404).text("errors", 0, "code")
	parsed, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	with := func(name, value string) string {
		query := parsed.Query()
		query.Set(name, value)
		return s.url + parsed.Path + "?" + query.Encode()
	}
	signature, expires := parsed.Query().Get("signature"), parsed.Query().Get("expires")
	for what, altered := range map[string]string{
		"a later end": with("expires", expires+"0"), "a spelled end": with("expires", "+"+expires), "no end": with("expires", ""),
		"no signature": with("signature", ""), "another case": with("signature", strings.ToUpper(signature)),
		"a signature and more": with("signature", signature+"A"), "nothing": s.url + parsed.Path,
		"another file":               strings.Replace(signed, id, second, 1),
		"the signature of another":   with("signature", strings.SplitAfter(s.signedURL(second), "signature=")[1]),
		"a missing file":             strings.Replace(signed, id, missingID, 1),
		"an end that is too large":   with("expires", "99999999999999999999"),
		"another bit of the padding": with("signature", signature[:42]+string(signature[42]+1)),
	} {
		a := s.content(altered)
		if a.Status != 404 || a.errors()[0].Code != missing {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
}

// TestTheETagOfAFileStays, wherever its URL is told.
func TestTheETagOfAFileStays(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		s := newService(t, db)
		org, _ := s.organization("Acme")
		id := s.file(org)
		at := "/public/v2/organizations/" + org
		s.do("PATCH", at+"/relationships/logo", object{"data": ref("files", id)}).want(200)
		for _, path := range []string{"/public/v2/files/" + id, "/public/v2/files", at + "?include=logo", at + "/logo"} {
			first := s.get(path).want(200)
			clock.Advance(time.Minute)
			s.get(path, "If-None-Match", first.Header.Get("ETag")).want(304)
			if again := s.get(path).want(200); bytes.Equal(again.Body, first.Body) {
				t.Errorf("%s has the same URL a minute later", path)
			}
		}
	})
}
