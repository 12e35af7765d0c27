package orgsme_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"roster/compat/orgsme"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/server"
)

var doorRefusal = func(err error) *server.Refusal { return orgsme.Door().Refusal(err) }

// tokens are what a login answers with.
type tokens struct {
	AccessToken           string
	AccessTokenExpiresIn  int
	RefreshToken          string
	RefreshTokenExpiresIn int
}

// login logs in, and returns the tokens.
func (s *service) login(body string) (got tokens) {
	s.t.Helper()
	a := s.do("POST", loginPath, body, "")
	if a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		s.t.Fatal(err)
	}
	return got
}

func pair(id, key string) string { return fmt.Sprintf(`{"key":%q,"secret":%q}`, id, key) }

// status returns that of the list for a credential.
func (s *service) status(credential string) int {
	s.t.Helper()
	return s.do("GET", listPath, "", credential).StatusCode
}

// TestAKeyIsExchangedForTokens (S0-16, S0-17).
func TestAKeyIsExchangedForTokens(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		user, _ := s.person(s.organization("Head"), models.RoleViewer)
		id, key := s.keyOf(user, models.EveryScope)
		for _, body := range []string{pair(id, key), fmt.Sprintf(`{"apiKey":%q}`, key)} {
			got := s.login(body)
			if got.AccessTokenExpiresIn != 86400 || got.RefreshTokenExpiresIn != 604800 {
				t.Errorf("they are good for %d and %d seconds", got.AccessTokenExpiresIn, got.RefreshTokenExpiresIn)
			}
			_, byKey := s.list(key)
			if _, byToken := s.list(got.AccessToken); byToken != byKey {
				t.Errorf("the token reads %s, the key %s", byToken, byKey)
			}
			if got := s.status(got.RefreshToken); got != 401 {
				t.Errorf("a refresh token as an access token: %d", got)
			}
			refreshed := s.do("POST", refreshPath, fmt.Sprintf(`{"refreshToken":%q}`, got.RefreshToken), "")
			var again tokens
			if err := json.Unmarshal(refreshed.body, &again); err != nil || refreshed.StatusCode != 200 ||
				again.AccessTokenExpiresIn != 86400 ||
				again.RefreshToken != "" {
				t.Fatalf("refreshed: %d %s", refreshed.StatusCode, refreshed.body)
			}
			if got := s.status(again.AccessToken); got != 200 {
				t.Errorf("the refreshed token: %d", got)
			}
			if a := s.do("POST", refreshPath, fmt.Sprintf(`{"refreshToken":%q}`, got.AccessToken), ""); a.StatusCode != 401 {
				t.Errorf("an access token as a refresh token: %d %s", a.StatusCode, a.body)
			}
			if a := s.do("POST", refreshPath, fmt.Sprintf(`{"refreshToken":%q}`, key), ""); a.StatusCode != 401 {
				t.Errorf("a key as a refresh token: %d %s", a.StatusCode, a.body)
			}
			altered := []byte(got.AccessToken)
			altered[len(models.StatementPrefix)+3] ^= 1
			if got := s.status(string(altered)); got != 401 {
				t.Errorf("an altered token: %d", got)
			}
			s.clock.Advance(24*time.Hour + time.Second)
			if got := s.status(again.AccessToken); got != 401 {
				t.Errorf("a day later: %d", got)
			}
			s.clock.Advance(6 * 24 * time.Hour)
			if a := s.do("POST", refreshPath, fmt.Sprintf(`{"refreshToken":%q}`, got.RefreshToken), ""); a.StatusCode != 401 {
				t.Errorf("a week later: %d", a.StatusCode)
			}
		}
	})
}

// TestWhatShowsNothingIsToldAlike, and what is no body as clients know it (S0-18).
func TestWhatShowsNothingIsToldAlike(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		head := s.organization("Head")
		user, _ := s.person(head, models.RoleViewer)
		id, key := s.keyOf(user, models.EveryScope)
		other, otherKey := s.keyOf(user, models.EveryScope)
		ends := jsonapi.Time{Time: s.clock.Now().Add(time.Hour)}
		expired := modelstest.Key(t, s.db, models.UserKey, "", modelstest.To("user", user), modelstest.With("expiresAt", ends))
		if got := s.login(pair(expired.ID, *expired.Key)); got.AccessTokenExpiresIn != 3600 || got.RefreshTokenExpiresIn != 3600 {
			t.Errorf("tokens of a key that has an hour left are good for %d and %d seconds", got.AccessTokenExpiresIn,
				got.RefreshTokenExpiresIn)
		}
		s.clock.Advance(time.Hour)
		own := modelstest.Key(t, s.db, models.OrganizationKey, head)
		first := ""
		for name, body := range map[string]string{
			"an unknown id": pair(models.NewID(), key), "no id": pair("", key), "another secret": pair(id, otherKey),
			"another id": pair(other, key),
			"no secret":  pair(id, ""), "expired": pair(expired.ID, *expired.Key), "of an organization": pair(own.ID, *own.Key),
			"in one, unknown": `{"apiKey":"x"}`,
		} {
			a := s.do("POST", loginPath, body, "")
			if first == "" {
				first = string(a.body)
			}
			if a.StatusCode != 401 || string(a.body) != first {
				t.Errorf("%s: %d %s, another is told %s", name, a.StatusCode, a.body, first)
			}
		}
		for body, want := range map[string][]string{
			`{}`: {"key", "secret"}, `{"key":1,"secret":null}`: {"key", "secret"}, `{"apiKey":true}`: {"apiKey"}, `[]`: {""}, ``: {""},
			`{`: {""}, `{"apiKey":"x","apiKey":"` + key + `"}`: {""}, "{\"apiKey\":\"\xff\"}": {""},
		} {
			a := s.do("POST", loginPath, body, "")
			var told struct{ Message string }
			var issues []struct {
				Code, Expected, Received, Message string
				Path                              []string
			}
			if err := json.Unmarshal(a.body, &told); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(told.Message), &issues); err != nil || a.StatusCode != 400 || len(issues) != len(want) {
				t.Errorf("%s: %v %d %s", body, err, a.StatusCode, a.body)
				continue
			}
			for i, path := range want {
				if got := issues[i]; got.Code != "invalid_type" || got.Message == "" || got.Received == "" || path != "" &&
					got.Path[0] != path {
					t.Errorf("%s: %+v", body, got)
				}
			}
		}
	})
}

// TestABodyOfAnotherTypeIsRefused: a form is no JSON, whatever it holds. A body without a type is what it is.
func TestABodyOfAnotherTypeIsRefused(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		user, _ := s.person(s.organization("Head"), models.RoleViewer)
		body := pair(s.keyOf(user, models.EveryScope))
		for media, want := range map[string]int{"application/x-www-form-urlencoded": 415, "text/plain": 415, "application/json": 200,
			"application/json; charset=utf-8": 200} {
			if a := s.do("POST", loginPath, body, "", "Content-Type", media); a.StatusCode != want {
				t.Errorf("%s: %d %s", media, a.StatusCode, a.body)
			}
		}
	})
}

// TestTokensEndWithTheirKey (S0-19), with the secret of it that they were given for, and with the user.
func TestTokensEndWithTheirKey(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		head := s.organization("Head")
		for name, end := range map[string]func(user, key string) error{
			"revoked": func(_, key string) error { return models.DeleteAPIKey(t.Context(), s.db, change, key, nil) },
			"rotated": func(_, key string) error {
				_, err := models.RotateAPIKey(t.Context(), s.db, change, key, 0)
				return err
			},
			"without the user": func(user, _ string) error { return models.DeleteUser(t.Context(), s.db, change, user, nil) },
			"of an inactive user": func(user, _ string) error {
				_, err := models.UpdateUser(t.Context(), s.db, change, user, input(map[string]any{"active": false}))
				return err
			},
		} {
			user, _ := s.person(head, models.RoleViewer)
			id, key := s.keyOf(user, models.EveryScope)
			got := s.login(pair(id, key))
			if status := s.status(got.AccessToken); status != 200 {
				t.Fatalf("%s: at first %d", name, status)
			}
			if err := end(user, id); err != nil {
				t.Fatal(err)
			}
			if status := s.status(got.AccessToken); status != 401 {
				t.Errorf("%s: the access token is answered with %d", name, status)
			}
			if a := s.do("POST", refreshPath, fmt.Sprintf(`{"refreshToken":%q}`, got.RefreshToken), ""); a.StatusCode != 401 {
				t.Errorf("%s: the refresh token is answered with %d", name, a.StatusCode)
			}
		}
	})
}
