package identity_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"roster/models"
)

// TestAnswersAreThoseOfTheSeed (SD-01): the same members in the same order, of the same types. The files are the examples as they were
// published, where "text" is any text.
func TestAnswersAreThoseOfTheSeed(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		_, as := s.person(s.top, models.RoleOwner)
		made := as.post(every, named("Mine")).want(200)
		fits(t, "organization.json", made)
		var org shown
		decode(t, made, &org)
		fits(t, "read.json", as.get(every+"/"+org.ID).want(200))
		fits(t, "organization.json", as.post(every+"/"+org.ID, named("Yours")).want(200))
		fits(t, "list.json", as.get(every+"?offset=1&limit=1").want(200))
	}, usersCreate)
}

// fits compares JSON with an example, token by token.
func fits(t *testing.T, file, got string) {
	t.Helper()
	example, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	wanted, found := json.NewDecoder(bytes.NewReader(example)), json.NewDecoder(bytes.NewReader([]byte(got)))
	for {
		want, err := wanted.Token()
		have, err2 := found.Token()
		if errors.Is(err, io.EOF) && errors.Is(err2, io.EOF) {
			return
		}
		if err != nil || err2 != nil {
			t.Fatalf("%s ends where %s does not: %v, %v", file, got, err, err2)
		}
		_, number := want.(float64)
		if any := want == "text" || number; reflect.TypeOf(want) != reflect.TypeOf(have) || !any && want != have {
			t.Fatalf("%v in place of %v of %s: %s", have, want, file, got)
		}
	}
}
