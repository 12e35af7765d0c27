package webhooks

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"roster/webhooks/webhookstest"
)

// programs is where the programs are that docs/webhooks.md shows.
const programs = "../docs/webhooks"

// receiverProgram is one of them that receives. An interpreter that the machine does not have is said so, and never passes for a success.
type receiverProgram struct {
	file    string
	v1a     bool                                     // it verifies ed25519, too
	command func(t *testing.T, path string) []string // nil if it cannot be run here
}

func interpreted(name string) func(*testing.T, string) []string {
	return func(t *testing.T, path string) []string {
		t.Helper()
		if _, err := exec.LookPath(name); err != nil {
			t.Logf("%s was not run: this machine has no %s", filepath.Base(path), name)
			return nil
		}
		return []string{name, path}
	}
}

func compiled(t *testing.T, path string) []string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "receiver")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, path).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", path, err, out)
	}
	return []string{program}
}

var receiverPrograms = []receiverProgram{
	{"verify.go", true, compiled}, {"verify.mjs", true, interpreted("node")}, {"verify.py", false, interpreted("python3")},
}

// running is a program that was started, and the lines that it prints.
type running struct {
	url   string
	lines *bufio.Reader
}

func start(t *testing.T, command []string, secrets string) *running {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "WEBHOOK_SECRET="+secrets, "PORT=0")
	cmd.Stderr = &bytes.Buffer{}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%v ended: %v %s", command, err, cmd.Stderr)
	}
	return &running{strings.TrimSpace(strings.TrimPrefix(first, "listening on ")), lines}
}

// otherPrivate is the ed25519 key of 32 zero bytes.
const otherPrivate = "whsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

const rotatedSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

func TestTheProgramsOfTheDocumentationTellGoodFromBad(t *testing.T) {
	t.Parallel()
	const body = `{"type":"user.created","timestamp":"2026-01-02T03:04:05.678Z","sequence":7,"data":{"name":"Zoë ☕ \u2028"}}`
	for _, p := range receiverPrograms {
		t.Run(p.file, func(t *testing.T) {
			t.Parallel()
			command := p.command(t, filepath.Join(programs, p.file))
			if command == nil {
				return
			}
			started := map[string]*running{} // by the secrets that it knows
			for _, c := range []struct {
				name, known string
				v1a         bool
				signed      []string
				age         time.Duration
				spoil       func(r *http.Request)
				want        int
			}{
				{name: "a delivery", known: officialSecret, signed: []string{officialSecret}, want: 204},
				{name: "a secret that is any text", known: "s3cr3t-with-ümlaut", signed: []string{"s3cr3t-with-ümlaut"}, want: 204},
				{name: "a rotation, to a receiver with the old secret", known: officialSecret,
					signed: []string{rotatedSecret, officialSecret},
					want:   204},
				{name: "a rotation, to a receiver with the new secret", known: rotatedSecret,
					signed: []string{rotatedSecret, officialSecret},
					want:   204},
				{name: "a receiver with both secrets", known: rotatedSecret + " " + officialSecret,
					signed: []string{officialSecret}, want: 204},
				{name: "four minutes old", known: officialSecret, signed: []string{officialSecret}, age: 4 * time.Minute, want: 204},
				{name: "six minutes old", known: officialSecret, signed: []string{officialSecret}, age: 6 * time.Minute, want: 401},
				{name: "from the future", known: officialSecret, signed: []string{officialSecret}, age: -6 * time.Minute, want: 401},
				{name: "another secret", known: officialSecret, signed: []string{rotatedSecret}, want: 401},
				{name: "another body", known: officialSecret, signed: []string{officialSecret}, spoil: func(r *http.Request) {
					r.Body, r.ContentLength = http.NoBody, 0
				}, want: 401},
				{name: "another id", known: officialSecret, signed: []string{officialSecret},
					spoil: func(r *http.Request) { r.Header.Set(HeaderID, "msg_2") }, want: 401},
				{name: "another time", known: officialSecret, signed: []string{officialSecret}, spoil: func(r *http.Request) {
					r.Header.Set(HeaderTimestamp, strconv.FormatInt(time.Now().Unix()+30, 10))
				}, want: 401},
				{name: "no signature", known: officialSecret, signed: []string{officialSecret},
					spoil: func(r *http.Request) { r.Header.Del(HeaderSignature) }, want: 401},
				{name: "no time", known: officialSecret, signed: []string{officialSecret},
					spoil: func(r *http.Request) { r.Header.Del(HeaderTimestamp) }, want: 401},
				{name: "v1a", v1a: true, known: svixPublic, signed: []string{svixPrivate}, want: 204},
				{name: "v1a, during a rotation", v1a: true, known: svixPublic, signed: []string{otherPrivate, svixPrivate}, want: 204},
				{name: "v1a, to a receiver with both keys", v1a: true, known: officialSecret + " " + svixPublic,
					signed: []string{svixPrivate}, want: 204},
				{name: "v1a, six minutes old", v1a: true, known: svixPublic,
					signed: []string{svixPrivate}, age: 6 * time.Minute, want: 401},
				{name: "v1a of another key", v1a: true, known: svixPublic, signed: []string{otherPrivate}, want: 401},
				{name: "v1a of another body", v1a: true, known: svixPublic, signed: []string{svixPrivate}, spoil: func(r *http.Request) {
					r.Body, r.ContentLength = http.NoBody, 0
				}, want: 401},
				{name: "a public key taken for a secret", v1a: true, known: svixPublic, signed: []string{officialSecret}, want: 401},
				{name: "v1 made with the public key", v1a: true, known: svixPublic,
					signed: []string{"whsec_" + svixPublic[len("whpk_"):]}, want: 401},
			} {
				if c.v1a && !p.v1a {
					continue
				}
				if started[c.known] == nil {
					started[c.known] = start(t, command, c.known)
				}
				program := started[c.known]
				var secrets []Secret
				for _, text := range c.signed {
					secrets = append(secrets, mustSecret(t, text))
				}
				if got := send(t, program.url, time.Now().Add(-c.age), body, secrets, c.spoil); got != c.want {
					t.Errorf("%s: answered %d, want %d", c.name, got, c.want)
					continue // what was refused is not printed
				}
				if c.want != 204 {
					continue
				}
				if line, err := program.lines.ReadString('\n'); err != nil || line != "verified msg_1 "+body+"\n" {
					t.Errorf("%s: printed %q (%v)", c.name, line, err)
				}
			}
		})
	}
}

// send delivers a message with the sender, or, to spoil it, the same bytes by hand, and returns the status of the answer.
func send(t *testing.T, target string, at time.Time, body string, secrets []Secret, spoil func(*http.Request)) int {
	t.Helper()
	if spoil == nil {
		r := newSender(t).Send(t.Context(), Request{URL: target, ID: "msg_1", At: at, Body: []byte(body), Secrets: secrets})
		if r.Status == 0 {
			t.Fatalf("%s %s", r.Code, r.Detail)
		}
		return r.Status
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = signed(t, "msg_1", at, []byte(body), secrets...)
	request.Close = true
	spoil(request)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestOpensslTellsGoodFromBad(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sh", "openssl", "od"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Logf("verify.sh was not run: this machine has no %s", name)
			return
		}
	}
	receiver := webhookstest.NewReceiver(t)
	const body = "{\"type\":\"user.created\",\"data\":\"Zoë\"}\n"
	for _, secret := range []string{officialSecret, "any text, ü"} {
		sent := len(receiver.Requests())
		send(t, receiver.URL(), time.Now(), body, []Secret{mustSecret(t, rotatedSecret), mustSecret(t, secret)}, nil)
		q := receiver.Requests()[sent]
		check := func(id, timestamp, signature, body string) bool {
			cmd := exec.CommandContext(t.Context(), "sh", filepath.Join(programs, "verify.sh"), id, timestamp, signature)
			cmd.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret)
			cmd.Stdin = strings.NewReader(body)
			out, err := cmd.CombinedOutput()
			if verified := err == nil; verified != (string(out) == "verified "+id+"\n") {
				t.Errorf("it ends with %v and prints %q", err, out)
			}
			return err == nil
		}
		if !check(q.ID, q.Timestamp, q.Signature, string(q.Body)) {
			t.Error("a delivery is refused")
		}
		for name, verified := range map[string]bool{
			"body":      check(q.ID, q.Timestamp, q.Signature, string(q.Body)+" "),
			"id":        check(q.ID+"1", q.Timestamp, q.Signature, string(q.Body)),
			"timestamp": check(q.ID, q.Timestamp+"0", q.Signature, string(q.Body)),
			"signature": check(q.ID, q.Timestamp, "v1,AAAA", string(q.Body)),
		} {
			if verified {
				t.Errorf("another %s is taken", name)
			}
		}
	}
}

func TestTheDocumentationShowsTheProgramsAsTheyAre(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, language := range map[string]string{"verify.go": "go", "verify.mjs": "js", "verify.py": "python", "verify.sh": "sh"} {
		program, err := os.ReadFile(filepath.Join(programs, file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(page, []byte("```"+language+"\n"+string(program)+"```\n")) {
			t.Errorf("docs/webhooks.md does not show docs/webhooks/%s as it is", file)
		}
	}
}

func TestTheDocumentationTellsEveryErrorCodeAndMetric(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, pattern := range map[string]string{"result.go": `Code = "([a-z_]+)"`, "metrics.go": `Name: +"([a-z_]+)"`} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(pattern).FindAllSubmatch(source, -1)
		for _, found := range names {
			// What this side ended is as if it had not been begun.
			if name := string(found[1]); name != string(CodeCancelled) && !bytes.Contains(page, []byte("`"+name+"`")) {
				t.Errorf("docs/webhooks.md does not tell what %s is", name)
			}
		}
		if len(names) < 9 {
			t.Errorf("only %d names were found in %s", len(names), file)
		}
	}
}
