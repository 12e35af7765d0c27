package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/server/servertest"
)

// proxied is a server behind a proxy that reads one of the examples.
type proxied struct {
	*served
	key     string
	waits   <-chan struct{} // tells of a request that reads events
	through string          // the URL of the proxy
	over    *http.Transport // leads there, whatever its name
}

// proxies are the examples of deploy/proxy, with what starts each and what is changed in the text for it to run here.
var proxies = map[string]struct {
	file    string
	args    func(file, dir string) []string
	changes func(listen, upstream, dir string) []string // from, to, from, to …
}{
	"nginx": {
		file: "nginx.conf",
		args: func(file, dir string) []string {
			return []string{"-p", dir, "-c", file, "-e", "stderr", "-g", "daemon off;"}
		},
		changes: func(listen, upstream, dir string) []string {
			user := ""
			if os.Getuid() == 0 {
				user = "user root;" // the directory of a test is for who made it
			}
			return []string{"upstream roster {", user + "pid nginx.pid; events {} http { access_log off; client_body_temp_path body;" +
				" proxy_temp_path proxied; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\nupstream roster {",
				"listen 443 ", "listen " + listen + " ", "127.0.0.1:8080", upstream, "/etc/roster/tls", dir}
		},
	},
	"haproxy": {
		file: "haproxy.cfg",
		args: func(file, _ string) []string { return []string{"-db", "-f", file} },
		changes: func(listen, upstream, dir string) []string {
			return []string{"bind :443", "bind " + listen, "127.0.0.1:8080", upstream, "/etc/roster/tls", dir}
		},
	},
	"caddy": {
		file: "Caddyfile",
		args: func(file, _ string) []string { return []string{"run", "--config", file, "--adapter", "caddyfile"} },
		changes: func(listen, upstream, dir string) []string {
			_, port, _ := net.SplitHostPort(listen)
			return []string{"127.0.0.1:8080", upstream, "{\n\tservers", "{\n\tadmin off\n\tauto_https off\n\tservers",
				"roster.example.com {", "https://roster.example.com:" + port + " {\n\tbind 127.0.0.1\n\ttls " + dir + "/tls.crt " +
					dir + "/tls.key"}
		},
	},
}

// behind starts a server and the proxy of that name before it. edit changes the example first.
func behind(t *testing.T, name string, edit func(string) string) *proxied {
	t.Helper()
	proxy := proxies[name]
	program := needed(t, name)
	dir := t.TempDir()
	waits := make(chan struct{}, 1)
	s := serve(t, dir, telling("/public/v2/events", waits), "--trusted-proxies", "127.0.0.0/8")
	p := &proxied{served: s, key: keyPrinted.FindString(s.stdout.String()), waits: waits}

	cert, key, authorities := certificate(t, dir)
	chain, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	private, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile(filepath.Join(deploy, "proxy", proxy.file))
	if err != nil {
		t.Fatal(err)
	}
	listen := freeAddress(t)
	changes := proxy.changes(listen, strings.TrimPrefix(s.base, "http://"), dir)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(example), changes[i]) {
			t.Fatalf("%s has no %q", proxy.file, changes[i])
		}
	}
	text := strings.NewReplacer(changes...).Replace(edit(string(example)))
	if name == "nginx" {
		text += "}\n"
	}
	for file, content := range map[string][]byte{
		proxy.file: []byte(text), "tls.crt": chain, "tls.key": private, "tls.pem": append(chain, private...),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.run(program, dir, proxy.args(filepath.Join(dir, proxy.file), dir))
	_, port, _ := net.SplitHostPort(listen)
	p.through = "https://roster.example.com:" + port
	p.over = speaks(listen, authorities, true)
	t.Cleanup(p.over.CloseIdleConnections)
	servertest.Poll(t, "an answer of the program through "+name, func() bool {
		answer, _, err := servertest.Exchange(t.Context(), p.over, "GET", p.through+"/public/v2/me", nil)
		return err == nil && answer.StatusCode == http.StatusUnauthorized
	})
	return p
}

// speaks returns a transport that leads to an address, whatever the name of the host.
func speaks(listen string, authorities *x509.CertPool, http2 bool) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listen)
		},
		TLSClientConfig: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: http2,
		// Who is refused an upload is told before it is sent.
		DisableCompression: true, ExpectContinueTimeout: time.Minute,
	}
}

// run starts the proxy, and ends it after the test.
func (p *proxied) run(program, dir string, args []string) {
	p.t.Helper()
	log := servertest.NewOutput()
	// It is ended by a signal and not by a context, so that it ends its own processes.
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if p.t.Failed() {
			p.t.Logf("%s said:\n%.4000s", program, log)
		}
	})
}

// question is a request that has to be answered through a proxy as it is without.
type question struct {
	method, path, body string
	headers            []string
}

// both sends a request to the server and through the proxy.
func (p *proxied) both(q question) (direct, through servertest.Reply, bodies [2]string) {
	p.t.Helper()
	answers := [2]servertest.Reply{}
	for i, base := range []string{p.base, p.through} {
		over := p.over
		if i == 0 {
			over = servertest.Fresh()
			over.ExpectContinueTimeout = p.over.ExpectContinueTimeout
		}
		answer, body, err := servertest.Exchange(p.t.Context(), over, q.method, base+q.path, strings.NewReader(q.body), q.headers...)
		if err != nil {
			p.t.Fatalf("%s %.100s: %v", q.method, q.path, err)
		}
		answers[i], bodies[i] = answer, string(body)
	}
	return answers[0], answers[1], bodies
}

// kept are the headers that no proxy may change.
var kept = []string{"Content-Type", "Content-Encoding", "Etag", "Vary", "Cache-Control", "Allow", "Www-Authenticate"}

// TestAnAnswerIsTheSameThroughAProxy runs the examples of deploy/proxy as they are, and asks for what proxies are known to spoil.
func TestAnAnswerIsTheSameThroughAProxy(t *testing.T) {
	t.Parallel()
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := behind(t, name, func(example string) string { return example })
			list := "/public/v2/management/organizations"
			api := []string{"Authorization", p.key, "Content-Type", "application/vnd.api+json"}
			ids := strings.TrimSuffix(strings.Repeat("01a21def-68ab-7366-b7df-1b9f71ff4b38,", 200), ",")
			for _, q := range []question{
				{"GET", list, "", []string{"API_KEY", p.key}},
				{"GET", list, "", []string{"X-API-Key", p.key}},
				{"GET", list + "?filter[id]=" + ids, "", api},
				{"GET", list, "", append([]string{"Cookie", "other=" + strings.Repeat("x", 40_000)}, api...)},
				{"GET", list + "/a%2Fb", "", api},
				{"GET", list + "/a%2F..%2F..%2Fme", "", api},
				{"GET", list + "/%E2%82%AC%20%3F%23%25", "", api},
				{"GET", "/public/v2/%6De/", "", api},
				{"GET", list + "//", "", api},
				{"GET", list + "?filter[name]=a%26b%2Bc+d&page%5Bsize%5D=1", "", append([]string{"Accept-Encoding", "gzip"}, api...)},
				{"GET", list + "/01a21def-68ab-7366-b7df-1b9f71ff4b38/nowhere", "", api},
				{"POST", "/public/v2/files?organizationId=01a21def-68ab-7366-b7df-1b9f71ff4b38", strings.Repeat("x", 4<<20),
					[]string{"Authorization", p.key, "Content-Type", "image/png"}},
				{"POST", "/public/v2/files?organizationId=01a21def-68ab-7366-b7df-1b9f71ff4b38", strings.Repeat("x", 6<<20),
					[]string{"Authorization", p.key, "Content-Type", "image/png", "Expect", "100-continue"}},
				{"GET", "/public/v2/management%2Forganizations", "", api},
				{"PATCH", list + "/x", "{", api},
				{"BREW", list, "", api},
			} {
				direct, through, bodies := p.both(q)
				if direct.StatusCode != through.StatusCode || bodies[0] != bodies[1] {
					t.Errorf("%s %.80s %.40v: %d %.300s\nthrough %s: %d %.300s", q.method, q.path, q.headers, direct.StatusCode, bodies[0],
						name, through.StatusCode, bodies[1])
				}
				for _, header := range kept {
					if diff := cmp.Diff(direct.Header.Values(header), through.Header.Values(header)); diff != "" {
						t.Errorf("%s %.80s: %s is another one (-direct +through %s):\n%s", q.method, q.path, header, name, diff)
					}
				}
				if through.Header.Get("Strict-Transport-Security") == "" {
					t.Errorf("%s %.80s: the server does not know that its client speaks TLS", q.method, q.path)
				}
			}
			p.keepsInsideWhatIsInside()
			p.believesNoClient()
			p.tellsWhoWaits()
		})
	}
}

// keepsInsideWhatIsInside asks for the metrics in every way that the program would answer.
func (p *proxied) keepsInsideWhatIsInside() {
	p.t.Helper()
	for _, path := range []string{"/metrics", "/metrics/", "/%6detrics", "//metrics", "/x/..//metrics", "/readyz", "/readyz/", "/healthz"} {
		answer, body, err := servertest.Exchange(p.t.Context(), p.over, "GET", p.through+path, nil)
		if err != nil || answer.StatusCode == http.StatusOK || strings.Contains(string(body), "roster_") {
			p.t.Errorf("%s is answered outside with %d, %v", path, answer.StatusCode, err)
		}
	}
}

// believesNoClient signs somebody in who claims to come from elsewhere.
func (p *proxied) believesNoClient() {
	p.t.Helper()
	p.create("/public/v2/users", `{"data":{"type":"users","attributes":{"firstName":"Ada","lastName":"Lovelace","email":"ada@example.com",
		"password":"correct horse battery"}}}`)
	answer, body, err := servertest.Exchange(p.t.Context(), p.over, "POST", p.through+"/public/v2/sessions",
		strings.NewReader(`{"data":{"type":"sessions","attributes":{"email":"ada@example.com","password":"correct horse battery"}}}`),
		"Content-Type", "application/vnd.api+json", "Origin", p.through, "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "http")
	if err != nil || answer.StatusCode != http.StatusCreated {
		p.t.Fatalf("signing in: %d, %v\n%s", answer.StatusCode, err, body)
	}
	if cookie := answer.Header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-roster=") || !strings.Contains(cookie, "; Secure") {
		p.t.Errorf("the cookie of a client that speaks TLS is %.40s…", cookie)
	}
	var session struct {
		Data struct{ Attributes struct{ IP string } }
	}
	if err := json.Unmarshal(body, &session); err != nil || session.Data.Attributes.IP != "127.0.0.1" {
		p.t.Errorf("the session is from %q, %v", session.Data.Attributes.IP, err)
	}
}

// tellsWhoWaits has a client wait for an event on a connection on which nothing else comes, and makes one.
func (p *proxied) tellsWhoWaits() {
	p.t.Helper()
	answered := make(chan string, 1)
	go func() {
		answer, body, err := servertest.Exchange(p.t.Context(), p.over, "GET", p.through+"/public/v2/events?filter[eventType]=role.created",
			nil, "Authorization", p.key, "Prefer", "wait=20")
		if err != nil {
			answered <- err.Error()
			return
		}
		answered <- fmt.Sprint(answer.StatusCode, " ", answer.Header.Get("Preference-Applied"), " ",
			strings.Contains(string(body), "guard"))
	}()
	<-p.waits
	var org struct{ Data struct{ ID string } }
	answer := p.create("/public/v2/management/organizations", `{"data":{"type":"organizations","attributes":{"name":"Acme"}}}`)
	if err := json.Unmarshal(answer, &org); err != nil {
		p.t.Fatal(err)
	}
	p.create("/public/v2/roles", fmt.Sprintf(`{"data":{"type":"roles","attributes":{"key":"guard","name":"Guard","permissions":["read"]},
		"relationships":{"organization":{"data":{"type":"organizations","id":%q}}}}}`, org.Data.ID))
	if got := <-answered; got != "200 wait=20 true" {
		p.t.Errorf("who waits is answered %s", got)
	}
}

// create sends what is to be created through the proxy.
func (p *proxied) create(path, document string) []byte {
	p.t.Helper()
	answer, body, err := servertest.Exchange(p.t.Context(), p.over, "POST", p.through+path, strings.NewReader(document),
		"Content-Type", "application/vnd.api+json", "Authorization", p.key)
	if err != nil || answer.StatusCode != http.StatusCreated {
		p.t.Fatalf("%s: %d, %v\n%s", path, answer.StatusCode, err, body)
	}
	return body
}

// TestWhatNginxSpoilsByItself takes the lines away, one at a time, for which docs/deploy.md has a reason.
func TestWhatNginxSpoilsByItself(t *testing.T) {
	t.Parallel()
	list := "/public/v2/management/organizations"
	for _, test := range []struct {
		line, instead string
		ask           func(key string) question
		status        int
	}{
		{`underscores_in_headers on;`, "", func(key string) question { return question{"GET", list, "", []string{"API_KEY", key}} }, 401},
		{`large_client_header_buffers 8 64k;`, "", func(key string) question {
			return question{"GET", list, "", []string{"Authorization", key, "Cookie", "other=" + strings.Repeat("x", 40_000)}}
		}, 400},
		{`client_max_body_size 8m;`, "", func(key string) question {
			return question{"POST", "/public/v2/files", strings.Repeat("x", 4<<20),
				[]string{"Authorization", key, "Content-Type", "image/png"}}
		}, 413},
		{`proxy_pass http://roster;`, "proxy_pass http://roster/;", func(key string) question {
			return question{"GET", "/public/v2/management%2Forganizations", "", []string{"Authorization", key}}
		}, 200},
	} {
		t.Run(test.line, func(t *testing.T) {
			t.Parallel()
			p := behind(t, "nginx", func(example string) string {
				if !strings.Contains(example, test.line) {
					t.Fatalf("the example has no line %s", test.line)
				}
				return strings.Replace(example, test.line, test.instead, 1)
			})
			// HTTP/2 has no answer to a header that is too long.
			p.over = speaks(strings.Replace(strings.TrimPrefix(p.through, "https://"), "roster.example.com", "127.0.0.1", 1),
				p.over.TLSClientConfig.RootCAs, false)
			defer p.over.CloseIdleConnections()
			direct, through, bodies := p.both(test.ask(p.key))
			if through.StatusCode != test.status || direct.StatusCode == through.StatusCode && bodies[0] == bodies[1] {
				t.Errorf("%d %.300s\nthrough nginx %d %.300s", direct.StatusCode, bodies[0], through.StatusCode, bodies[1])
			}
		})
	}
}
