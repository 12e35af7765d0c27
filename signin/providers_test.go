package signin_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/signin"
)

func TestTheFileOfProviders(t *testing.T) {
	t.Parallel()
	read := func(content string) ([]signin.Provider, error) {
		file := filepath.Join(t.TempDir(), "providers.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return signin.ReadProviders(file)
	}
	all, err := read(`[
		{"name":"google","title":"Google Workspace","issuer":"https://accounts.google.com","clientId":"me","clientSecret":"hunter2"},
		{"name":"local","issuer":"http://127.0.0.1:9/realms/x","clientId":"me","scopes":["openid"]}]`)
	want := []signin.Provider{
		{Name: "google", Title: "Google Workspace", Issuer: "https://accounts.google.com", ClientID: "me", ClientSecret: "hunter2",
			Scopes: []string{"openid", "email", "profile"}},
		{Name: "local", Title: "local", Issuer: "http://127.0.0.1:9/realms/x", ClientID: "me", Scopes: []string{"openid"}},
	}
	if diff := cmp.Diff(want, all); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", all, all, all, all[0]); strings.Contains(text, "hunter2") {
		t.Errorf("the secret is printed: %s", text)
	}

	const good = `"name":"a","issuer":"https://a.example","clientId":"me","clientSecret":"hunter2"`
	for content, wrong := range map[string]string{
		`[]`:                                  "it lists no provider",
		`null`:                                "it lists no provider",
		`{}`:                                  "it must hold a JSON list",
		`[{` + good + `}`:                     "it must hold a JSON list",
		`[{` + good + `},{}]`:                 "entry 2: name: ",
		`[{` + good + `},{` + good + `}]`:     `entry 2: name: "a" is taken`,
		`[{` + good + `,"secret":"hunter2"}]`: `entry 1: "secret" is no member`,
		`[{` + good + `,"scopes":"openid"}]`:  "entry 1: scopes: it must be a list of texts",
		`[{` + good + `,"scopes":["email"]}]`: "entry 1: scopes: openid must be among them",
		`[{` + good + `,"scopes":["openid","a b"]}]`:                 "entry 1: scopes: each must be one word",
		`[{` + good + `,"title":"a\nb"}]`:                            "entry 1: title: it must be at most 60 characters",
		`[{` + good + `,"title":"` + strings.Repeat("é", 61) + `"}]`: "entry 1: title: it must be at most 60",
		`[{"name":"A"}]`: "entry 1: name: it must be 1 to 32",
		`[{"name":"a","issuer":"http://a.example","clientId":"me"}]`:            "entry 1: issuer: it must be an https URL",
		`[{"name":"a","issuer":"https://u:hunter2@a.example","clientId":"me"}]`: "entry 1: issuer: it must be an https URL",
		`[{"name":"a","issuer":"https://a.example?x","clientId":"me"}]`:         "entry 1: issuer: it must be an https URL",
		`[{"name":"a","issuer":"https://a.example"}]`:                           "entry 1: clientId: it must not be empty",
		`[{"name":"a","issuer":"https://a.example","clientId":7}]`:              "entry 1: clientId: it must be a text",
		`[{"name":"a","issuer":null,"clientId":"me"}]`:                          "entry 1: issuer: it must be a text",
	} {
		_, err := read(content)
		if err == nil || !strings.HasPrefix(err.Error(), wrong) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %s", content, err, wrong)
		}
	}
	if _, err := signin.ReadProviders(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there is read")
	}
}
