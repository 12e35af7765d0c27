package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/mail/mailtest"
	"roster/models/blob/blobtest"
	"roster/models/modelstest"
	"roster/server/servertest"

	"github.com/pquerna/otp/totp"
)

// garden is a program that secrets are planted in.
type garden struct {
	*served
	serve        func(args ...string) *served // starts it again
	logs         string                       // of those that have ended
	mails        *mailtest.Receiver
	key          string // of the management
	organization string
	ada, bob     string // users
	cookie       string // of the browser in which they sign in
	secondFactor string // the secret of one
	recovery     string // a code that is as good
	invitation   string // the id of one
}

// passwords that are right at some time.
const (
	adas  = "planted-Correct-Horse-of-Ada"
	adas2 = "planted-Second-Horse-of-Ada"
	bobs  = "planted-Correct-Horse-of-Bob"
)

// secrets that the program is started with.
const (
	smtpPassword = "planted-password-of-a-mail-server"
	bucketSecret = "planted-secret-of-a-bucket"
	clientSecret = "planted-secret-of-a-client"
)

// plants are the ways in which a secret comes to the service, or from it, in the order in which they happen. Each returns what nobody may
// find afterwards.
var plants = []struct {
	name string
	sow  func(g *garden) string
}{
	{"the first management key", func(g *garden) string {
		g.key = keyPrinted.FindString(g.stdout.String())
		return g.key
	}},
	{"the token of an organization", func(g *garden) string {
		made := g.managed("POST", "organizations", `{"data":{"type":"organizations","attributes":{"name":"Acme"}}}`, 201,
			"Idempotency-Key", "once")
		g.organization = made.ID
		return made.attribute("token")
	}},
	{"a token that the client chose", func(g *garden) string {
		const chosen = "planted-token_of_another_system"
		g.managed("POST", "management/organizations",
			`{"data":{"type":"organizations","attributes":{"name":"B","token":"`+chosen+`"}}}`, 201)
		return chosen
	}},
	{"a refreshed token", func(g *garden) string {
		return g.managed("POST", "management/refresh-token/"+g.organization, "", 200).attribute("token")
	}},
	{"a webhook's URL", func(g *garden) string {
		const path = "planted-path-of-a-hook"
		g.managed("PATCH", "organizations/"+g.organization, `{"data":{"type":"organizations","id":"`+g.organization+
			`","attributes":{"webhookUrl":"https://127.0.0.1:1/`+path+`?x=1"}}}`, 200)
		return path
	}},
	{"a password", func(g *garden) string { g.ada = g.user("ada", adas); return adas }},
	{"another password", func(g *garden) string { g.bob = g.user("bob", bobs); return bobs }},
	{"a password that is too short", func(g *garden) string {
		g.managed("POST", "users", newUser("x", "planted-t5t"), 422)
		return "planted-t5t"
	}},
	{"a password beside what is wrong", func(g *garden) string {
		g.managed("POST", "users", strings.Replace(newUser("x", "planted-beside-a-fault"), `"x"`, `7`, 1), 422)
		return "planted-beside-a-fault"
	}},
	{"a password in what is no JSON", func(g *garden) string {
		g.managed("POST", "users", newUser("x", "planted-in-no-document")+"}", 400)
		return "planted-in-no-document"
	}},
	{"a password of an atomic operation", func(g *garden) string {
		g.atomic(newUser("carl", "planted-in-an-operation"), 200)
		return "planted-in-an-operation"
	}},
	{"a password of a refused operation", func(g *garden) string {
		g.atomic(newUser("carl", "planted-in-a-refused-operation"), 409)
		return "planted-in-a-refused-operation"
	}},
	{"a password in a query", func(g *garden) string {
		g.managed("GET", "users?password=planted-in-a-query", "", 400)
		g.managed("GET", "users?filter[firstName]=planted-in-a-query", "", 200)
		return "planted-in-a-query"
	}},
	{"a key in a query", func(g *garden) string {
		stray := "roster_m_" + strings.Repeat("p1aNt3d", 6)
		g.send("GET", "me?key="+stray, "", 401)
		return stray
	}},
	{"a key that nobody has", func(g *garden) string {
		stray := "roster_u_" + strings.Repeat("p7aNt3d", 6)
		g.send("GET", "me", "", 401, "Authorization", stray)
		return stray
	}},
	{"a key in a path", func(g *garden) string {
		stray := "roster_o_" + strings.Repeat("p9aNt3d", 6)
		g.send("GET", stray, "", 404, "User-Agent", stray)
		return stray
	}},
	{"a wrong password", func(g *garden) string {
		g.signIn("ada@example.com", "planted-wrong-password", 401)
		return "planted-wrong-password"
	}},
	{"a password for an address", func(g *garden) string {
		g.signIn("planted-for-an-address", adas, 401)
		return "planted-for-an-address"
	}},
	{"a password of somebody unknown", func(g *garden) string {
		g.signIn("nobody@example.com", "planted-by-nobody", 401)
		return "planted-by-nobody"
	}},
	{"a cookie of somebody's making", func(g *garden) string {
		g.cookie = "planted-by-somebody-else-0123456789"
		g.page("GET", "me", "", 401)
		return g.cookie
	}},
	{"a key as the name of a browser that signs in", func(g *garden) string {
		stray := "roster_u_" + strings.Repeat("p8aNt3d", 6)
		g.page("POST", "sessions", `{"data":{"type":"sessions","attributes":{"email":"ada@example.com","password":"`+adas+`"}}}`, 201,
			"User-Agent", stray)
		return stray
	}},
	{"the cookie of a sign-in", func(g *garden) string { g.signIn("ada@example.com", adas, 201); return g.cookie }},
	{"the cookie of two", func(g *garden) string { g.signIn("bob@example.com", bobs, 201); return g.cookie }},
	{"the cookie after a switch", func(g *garden) string {
		in := g.page("GET", "sessions/current?include=signIns", "", 200)
		first := in.Relationships.SignIns.Data[0].ID
		if first == in.Relationships.ActiveSignIn.Data.ID {
			first = in.Relationships.SignIns.Data[1].ID
		}
		g.page("PATCH", "sessions/current/relationships/activeSignIn", `{"data":{"type":"signIns","id":"`+first+`"}}`, 200)
		return g.cookie
	}},
	{"a wrong meta.currentPassword", func(g *garden) string {
		g.newPassword("planted-never-set", "planted-not-the-current-one", 403)
		return "planted-not-the-current-one"
	}},
	{"a password that is not taken", func(*garden) string { return "planted-never-set" }},
	{"the cookie after a new password", func(g *garden) string { g.newPassword(adas2, adas, 200); return g.cookie }},
	{"a new password", func(*garden) string { return adas2 }},
	{"a key of a user", func(g *garden) string {
		key := g.page("POST", "apiKeys", `{"data":{"type":"apiKeys","attributes":{"name":"k","scopes":["*"]}}}`, 201).attribute("key")
		g.send("GET", "me", "", 200, "X-API-Key", key)
		return key
	}},
	{"a rotated key", func(g *garden) string {
		const manages = `{"data":{"type":"apiKeys","attributes":{"name":"k","kind":"management","scopes":["*"]}}}`
		return g.managed("POST", "apiKeys/"+g.managed("POST", "apiKeys", manages, 201).ID+"/rotate", "", 200).attribute("key")
	}},
	{"a key in a question of AuthZEN", func(g *garden) string {
		stray := "roster_m_" + strings.Repeat("p5aNt3d", 6)
		_, _, err := servertest.Exchange(g.t.Context(), servertest.Fresh(), "POST", g.base+"/access/v1/evaluation",
			strings.NewReader(`{"subject":{"type":"user","id":"`+stray+`"}}`), "Authorization", stray, "Content-Type", "application/json")
		if err != nil {
			g.t.Fatal(err)
		}
		return stray
	}},
	{"the signature of a file", func(g *garden) string {
		logo := string(drawLogo("Acme", rand.New(rand.NewPCG(1, 2))))
		signed, err := url.Parse(g.managed("POST", "files?organizationId="+g.organization, logo, 201, "Content-Type", "image/png").
			attribute("signedUrl"))
		if err != nil {
			g.t.Fatal(err)
		}
		g.get(signed.RequestURI())
		g.get(signed.Path + "?expires=1&signature=" + signed.Query().Get("signature"))
		return signed.Query().Get("signature")
	}},
	{"the secret of a second factor", func(g *garden) string {
		g.secondFactor = g.page("POST", "me/totp", "", 200).meta("secret")
		return g.secondFactor
	}},
	{"a recovery code", func(g *garden) string {
		code, err := totp.GenerateCode(g.secondFactor, time.Now())
		if err != nil {
			g.t.Fatal(err)
		}
		codes, _ := g.page("POST", "me/totp/confirm", `{"meta":{"code":"`+code+`"}}`, 200).Meta["recoveryCodes"].([]any)
		g.recovery, _ = codes[0].(string)
		return g.recovery
	}},
	{"the cookie of a recovery code", func(g *garden) string {
		g.page("POST", "sessions", `{"data":{"type":"sessions","attributes":{"email":"ada@example.com","password":"`+adas2+
			`","totp":"`+g.recovery+`"}}}`, 201)
		return g.cookie
	}},
	{"the link of an invitation", func(g *garden) string {
		made := g.invite("eva@example.com", "Idempotency-Key", "invited")
		g.invitation = made.ID
		return tokenIn(made.attribute("url"))
	}},
	{"the link that is sent again", func(g *garden) string {
		token := tokenIn(g.managed("POST", "invitations/"+g.invitation+"/resend", "", 200).attribute("url"))
		g.send("POST", "invitations/accept", `{"meta":{"token":"`+token+`","password":"too short"}}`, 422)
		g.send("GET", "invitations/"+token, "", 401, "User-Agent", token)
		g.send("GET", token, "", 404)
		g.send("POST", "invitations/accept", `{"meta":{"token":"`+token+
			`","password":"planted-by-who-accepts","firstName":"Eva","lastName":"E"}}`, 200)
		return token
	}},
	{"a password of who accepts", func(*garden) string { return "planted-by-who-accepts" }},
	{"the cookie of who accepts", func(g *garden) string { return g.cookie }},
	{"the link of a mailed invitation", func(g *garden) string {
		g.withMail()
		g.invite("fay@example.com")
		return g.mails.Next(g.t, 1).Token(g.t)
	}},
	{"the link of a password reset", func(g *garden) string {
		g.send("POST", "passwordResets", `{"data":{"type":"passwordResets","attributes":{"email":"bob@example.com"}}}`, 202)
		token := g.mails.Next(g.t, 2).Token(g.t)
		g.send("GET", "passwordResets/"+token, "", 404, "User-Agent", token)
		g.send("POST", "passwordResets/confirm", `{"meta":{"token":"`+token+`","password":"planted-by-a-reset"}}`, 204)
		return token
	}},
	{"a password of a reset", func(*garden) string { return "planted-by-a-reset" }},
	{"the password of the mail server", func(g *garden) string { return g.mails.Next(g.t, 1).Password }},
	{"the secret of a bucket", func(*garden) string { return bucketSecret }},
	{"the secret of a client of a provider", func(*garden) string { return clientSecret }},
	{"the state of a sign-in with a provider", func(g *garden) string { return g.comeBack("planted-authorization-code") }},
	{"an authorization code", func(*garden) string { return "planted-authorization-code" }},
	{"a state of somebody's making", func(g *garden) string {
		g.get("/auth/one/callback?code=planted-code-of-somebody-else&state=planted-state-of-somebody-else")
		return "planted-state-of-somebody-else"
	}},
	{"a code of somebody's making", func(*garden) string { return "planted-code-of-somebody-else" }},
	{"the cookie that is left", func(g *garden) string { g.page("DELETE", "sessions/current", "", 204); return g.cookie }},
}

// TestNoSecretOfPeopleIsAnywhere plants secrets in the whole program, in every way, and looks for them in the tables, in the files of the
// database and in a log that tells everything.
func TestNoSecretOfPeopleIsAnywhere(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		bucket, providers := blobtest.Bucket(t), providersFile(t)
		env := map[string]string{accessKey: bucket.AccessKey, accessSecret: bucketSecret}
		g := &garden{mails: mailtest.NewReceiver(t), serve: func(args ...string) *served {
			return serveIn(t, env, dir, frontDoors, append(args, "--database-url", url, "--migrate", "--log-level", "debug",
				"--allow-private-webhook-targets", "127.0.0.0/8", "--oidc-providers", providers,
				"--files", "s3://"+bucket.Name+"?endpoint=http://"+bucket.Endpoint+"&region="+bucket.Region)...)
		}}
		g.served = g.serve()
		planted := map[string]string{}
		for _, p := range plants {
			if planted[p.name] = p.sow(g); len(planted[p.name]) < 10 {
				t.Fatalf("%s is %q", p.name, planted[p.name])
			}
		}
		// What is no secret is found: as it is, and as it might be written by somebody who means to hide it.
		const open = "planted-as-a-name"
		for _, form := range formsOf(open) {
			g.managed("POST", "users", `{"data":{"type":"users","attributes":{"firstName":"`+form+`"}}}`, 201,
				"X-Request-Id", "r."+hex.EncodeToString([]byte(open)))
		}
		before := filesAt(t, url)
		if code := g.stop(); code != 0 {
			t.Errorf("it ended with %d", code)
		}
		places := map[string][]byte{"the logs": []byte(g.logs + g.log.String()), "the files": append(before, filesAt(t, url)...)}
		db := opened(t, dir, url)
		for _, form := range formsOf(open) {
			if where := modelstest.Search(t, db, form); !slices.Contains(where, "users.first_name") {
				t.Errorf("%s is found in %v alone", form, where)
			}
		}
		if !stands(places["the logs"], open) || strings.HasPrefix(url, "sqlite:") != stands(places["the files"], open) {
			t.Error("what is no secret is not found")
		}
		for name, secret := range planted {
			if where := modelstest.Search(t, db, formsOf(secret)...); len(where) > 0 {
				t.Errorf("%s is in %v", name, where)
			}
			for place, text := range places {
				if stands(text, secret) {
					t.Errorf("%s is in %s", name, place)
				}
			}
		}
	})
}

// formsOf returns how a text is written: as it is, in hexadecimal, and in Base64 wherever it begins in what is encoded.
func formsOf(text string) []string {
	forms := []string{text, hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text)))}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before, foreign := range []int{0, 2, 3} { // characters that what stands before has a part in
			encoded := encoding.EncodeToString(append(make([]byte, before), text...))
			if (before+len(text))%3 != 0 {
				encoded = encoded[:len(encoded)-1]
			}
			if form := encoded[foreign:]; !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	return forms
}

// stands reports whether a text is somewhere within, in any form.
func stands(within []byte, text string) bool {
	return slices.ContainsFunc(formsOf(text), func(form string) bool { return bytes.Contains(within, []byte(form)) })
}

// filesAt returns the bytes of all files of a SQLite database, and none of another's.
func filesAt(t *testing.T, url string) (all []byte) {
	t.Helper()
	path, embedded := strings.CutPrefix(url, "sqlite:")
	if !embedded {
		return nil
	}
	names, err := filepath.Glob(path + "*")
	if err != nil || len(names) == 0 {
		t.Fatalf("there is nothing at %s: %v", path, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return all
}
