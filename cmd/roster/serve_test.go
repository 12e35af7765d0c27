package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

func TestAFreshServerIsReadyAndKeepsItsFilesToItself(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := serve(t, dir, noRoutes)
	for path, want := range map[string]string{
		"/healthz": `{"status":"ok"}`,
		"/readyz":  `{"status":"ready","checks":{"accepting":"ok","database":"ok","migrations":"ok"}}`,
	} {
		if answer, body := s.get(path); answer.StatusCode != 200 || strings.TrimSpace(string(body)) != want {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
	_, metrics := s.get("/metrics")
	for _, name := range []string{
		"go_sql_open_connections", "roster_webhook_backlog", "roster_webhook_oldest_pending_seconds", "roster_webhook_queued_events",
		"roster_webhook_first_byte_seconds_count",
	} {
		if !strings.Contains(string(metrics), "\n"+name) {
			t.Errorf("the metrics have no %s", name)
		}
	}
	if got := mode(t, dir); got != 0o700 {
		t.Errorf("directory: %o", got)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
		if got := mode(t, dir, f.Name()); got != 0o600 {
			t.Errorf("%s: %o", f.Name(), got)
		}
	}
	if !strings.Contains(strings.Join(names, " "), "roster.db") || !strings.Contains(strings.Join(names, " "), "secret.key") {
		t.Errorf("files: %v", names)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	again := serve(t, dir, noRoutes)
	if strings.Contains(again.log.String(), "migration applied") {
		t.Error("the second start migrated again")
	}
	if answer, _ := again.get("/readyz"); answer.StatusCode != 200 {
		t.Errorf("second start: %d", answer.StatusCode)
	}
}

// TestTheFirstKeyIsForAnInstallationThatHasNone starts where a key was made before, and with a file for it.
func TestTheFirstKeyIsForAnInstallationThatHasNone(t *testing.T) {
	modelstest.Sequential(t)
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		storage := []string{"--data-dir", dir, "--database-url", url}
		withSecretKey(t, storage)
		for _, args := range [][]string{{"migrate", "up"}, {"key", "create", "--kind", "management", "--name", "Console"}} {
			if code, _, stderr := command(t, nil, append(args, storage...)...); code != 0 {
				t.Fatal(stderr)
			}
		}
		if s := serve(t, dir, frontDoors, "--database-url", url); s.stdout.Len() > 0 {
			t.Errorf("it prints %s", s.stdout)
		}
	})
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		file := filepath.Join(dir, "first.key")
		args := []string{"--database-url", url, "--migrate", "--first-key-file", file}
		s := serve(t, dir, frontDoors, args...)
		text, err := os.ReadFile(file)
		if err != nil || s.stdout.Len() > 0 || mode(t, file) != 0o600 {
			t.Fatalf("%v, and it prints %s", err, s.stdout)
		}
		answer, _ := s.get("/public/v2/organizations", "Authorization", "Bearer "+strings.TrimSpace(string(text)))
		if answer.StatusCode != 200 {
			t.Errorf("the key in the file gets %d", answer.StatusCode)
		}
		s.stop()
		if log := s.log.String(); !strings.Contains(log, file) || strings.Contains(log, strings.TrimSpace(string(text))) {
			t.Errorf("it does not tell of the file, or tells the key:\n%s", log)
		}
		serve(t, dir, frontDoors, args...).stop() // the file is there, and nothing is to be written
	})
}

func TestTheFirstKeyIsPrintedOnceAndWorks(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate")
		var printed struct{ FirstManagementKey, URL string } // one line, as all that is written then
		if err := json.Unmarshal(s.stdout.Bytes(), &printed); err != nil || printed.URL != s.base {
			t.Fatalf("stdout: %s: %v", s.stdout, err)
		}
		answer, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", printed.URL+"/public/v2/management/organizations",
			nil, "Authorization", "Bearer "+printed.FirstManagementKey)
		if err != nil || answer.StatusCode != 200 || !strings.Contains(string(body), `"data":[]`) {
			t.Errorf("the command that was printed gets %v %s", err, body)
		}
		if answer, _ := s.get("/public/v2/management/organizations/"); answer.StatusCode != 401 {
			t.Errorf("without the key: %d", answer.StatusCode)
		}
		if strings.Contains(s.log.String(), "roster_m_") {
			t.Error("the log has the key")
		}
		if code := s.stop(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if again := serve(t, dir, frontDoors, "--database-url", url); again.stdout.Len() > 0 {
			t.Errorf("the second start prints %s", again.stdout)
		}
	})
}

func TestReplicasThatStartAtOnceMakeOneKey(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres)
	if err := makeSecretKey(filepath.Join(dir, "secret.key")); err != nil {
		t.Fatal(err)
	}
	replicas := make([]*served, 3)
	for n := range replicas {
		replicas[n] = begin(t, dir, frontDoors, "--database-url", url, "--migrate")
	}
	keys := 0
	for _, s := range replicas {
		s.await()
		keys += strings.Count(s.stdout.String(), "firstManagementKey")
		// A probe gives up within a second, which a busy machine may need longer than.
		answer, body := s.get("/readyz")
		for tries := 1; answer.StatusCode != 200 && tries < 20; tries++ {
			answer, body = s.get("/readyz")
		}
		if answer.StatusCode != 200 {
			t.Errorf("readyz: %s", body)
		}
	}
	if keys != 1 {
		t.Errorf("%d keys were printed", keys)
	}
}

func TestPostgreSQLIsMigratedOnlyWhenToldTo(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), modelstest.UnmigratedURL(t, store.Postgres)
	withSecretKey(t, []string{"--data-dir", dir, "--database-url", url})
	code, _, stderr := command(t, map[string]string{"ROSTER_DATABASE_URL": url}, "serve", "--data-dir", dir, "--listen", "127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "run 'roster migrate up', or start with --migrate (ROSTER_MIGRATE=true)") {
		t.Errorf("%d %s", code, stderr)
	}
	if code, stdout, stderr := command(t, nil, "migrate", "up", "--database-url", url); code != 0 ||
		!strings.HasPrefix(stdout, "applied 00001") {
		t.Errorf("migrate up: %d %s %s", code, stdout, stderr)
	}
	serve(t, dir, noRoutes, "--database-url", url)
}

// modelstestURLs runs a test on an empty database of each kind, without a schema.
func modelstestURLs(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	eachURL(t, modelstest.Dialects, test)
}

func eachURL(t *testing.T, dialects []store.Dialect, test func(t *testing.T, url string)) {
	t.Helper()
	for _, dialect := range dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			test(t, modelstest.UnmigratedURL(t, dialect))
		})
	}
}

func TestStoppingLetsARunningRequestFinish(t *testing.T) {
	t.Parallel()
	started, finish := make(chan struct{}), make(chan struct{})
	s := serve(t, t.TempDir(), testRoutes(started, finish), "--shutdown-delay", "300ms")
	slow := make(chan string, 1)
	go func() {
		_, body, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", s.base+"/slow", nil)
		if err != nil {
			slow <- err.Error()
			return
		}
		slow <- string(body)
	}()
	<-started
	s.cancel()
	if _, ok := s.log.Line(message("stopping")); !ok {
		t.Fatal("it did not say that it stops")
	}
	// Within the delay new requests are still taken, and the probe sends the load balancer elsewhere.
	servertest.Poll(t, "a probe that sends the load balancer elsewhere", func() bool {
		answer, body := s.get("/readyz")
		if answer.StatusCode == 503 && !strings.Contains(string(body), `"accepting":"shutting down"`) {
			t.Errorf("readyz: %s", body)
		}
		return answer.StatusCode == 503
	})
	servertest.Poll(t, "a listener that is closed", func() bool {
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(s.base, "http://"), time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	close(finish)
	if got := <-slow; got != "finished" {
		t.Errorf("the running request got %q", got)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.log.String())
	}
}

func TestARequestThatDoesNotEndIsCutOffAfterTheGracePeriod(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	s := serve(t, t.TempDir(), testRoutes(started, nil), "--shutdown-grace", "50ms")
	cut := make(chan error, 1)
	go func() {
		_, _, err := servertest.Exchange(t.Context(), servertest.Fresh(), "GET", s.base+"/slow", nil)
		cut <- err
	}()
	<-started
	if code := s.stop(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if err := <-cut; err == nil {
		t.Error("the request was answered")
	}
	if !strings.Contains(s.log.String(), "requests were still running after 50ms and were cut off") {
		t.Errorf("it did not say so: %s", s.log.String())
	}
	s.log.Match(t, `"level":"WARN","msg":"stopped","took":"[^"]+","cut_off":"requests of api"`)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir)
	s := serve(t, filepath.Join(dir, "data"), noRoutes, "--tls-cert", cert, "--tls-key", key)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	answer, _, err := servertest.Exchange(t.Context(), transport, "GET", s.base+"/nothing", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Strict-Transport-Security"); got != "max-age=63072000" {
		t.Errorf("HSTS: %q", got)
	}
	if answer.Proto != "HTTP/2.0" {
		t.Errorf("protocol %s", answer.Proto)
	}
	old := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}, DisableKeepAlives: true}
	if _, _, err := servertest.Exchange(t.Context(), old, "GET", s.base+"/healthz", nil); err == nil {
		t.Error("TLS 1.1 is accepted")
	}
	for suite, taken := range map[uint16]bool{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: true, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: true,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: false, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: false,
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: false,
	} {
		client := servertest.Fresh()
		client.TLSClientConfig = &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}}
		_, _, err := servertest.Exchange(t.Context(), client, "GET", s.base+"/healthz", nil)
		if (err == nil) != taken {
			t.Errorf("%s of TLS 1.2: %v", tls.CipherSuiteName(suite), err)
		}
	}
	address := strings.TrimPrefix(s.base, "https://")
	if code, _, stderr := command(t, nil, "healthcheck", "--listen", address, "--tls-cert", cert, "--tls-key", key); code != 0 {
		t.Errorf("healthcheck: %d %s", code, stderr)
	}
}

func TestHSTSOfSubdomainsIsAskedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir)
	s := serve(t, filepath.Join(dir, "data"), noRoutes, "--tls-cert", cert, "--tls-key", key, "--hsts-preload")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	answer, _, err := servertest.Exchange(t.Context(), transport, "GET", s.base+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Strict-Transport-Security"); got != "max-age=63072000; includeSubDomains; preload" {
		t.Errorf("HSTS: %q", got)
	}
}

// TestARenewedCertificateIsServed without a restart, when both of its files are there; until then the one before is.
func TestARenewedCertificateIsServed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, _ := certificate(t, dir)
	s := serve(t, filepath.Join(dir, "data"), noRoutes, "--tls-cert", cert, "--tls-key", key)
	served := func() string {
		t.Helper()
		conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp",
			strings.TrimPrefix(s.base, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() //nolint:errcheck // nothing was written
		return string(conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw)
	}
	// The server looks at its files during handshakes, at most once in a second.
	until := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(patience); !is(); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: not within %s: %s", what, patience, s.log.String())
			}
		}
	}
	said := func(text string) int { return strings.Count(s.log.String(), text) }
	replace := func(path, by string) {
		t.Helper()
		content, err := os.ReadFile(by)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := served()
	newCert, newKey, _ := certificate(t, t.TempDir())
	replace(cert, newCert)
	until("a certificate without its key is told", func() bool { return served() == before && said("certificate not renewed") == 1 })
	replace(key, newKey)
	until("the certificate is renewed", func() bool { return served() != before })
	if said("certificate renewed") != 1 || said("PRIVATE KEY") > 0 {
		t.Errorf("log: %s", s.log.String())
	}
	now := served()
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	until("a missing file is told", func() bool { return served() == now && said("certificate not renewed") == 2 })
}

// certificate writes a certificate for 127.0.0.1 and roster.example.com, and its key.
func certificate(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"roster.example.com"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool = x509.NewCertPool()
	cert, key = write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8)
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return cert, key, pool
}

func TestSettingsReachTheServer(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), testRoutes(nil, nil),
		"--rate-limit", "2", "--cors-origins", "https://console.example.com", "--max-body", "2000", "--max-header", "4096",
		"--metrics-listen", "127.0.0.1:0", "--base-url", "https://roster.example.com/", "--trusted-proxies", "127.0.0.1/32,fd00::/8")
	answer, _ := s.get("/long", "Origin", "https://console.example.com", "Accept-Encoding", "gzip")
	if answer.Header.Get("Access-Control-Allow-Origin") == "" || answer.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("CORS or gzip: %v", answer.Header)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	answer, _, err := servertest.Exchange(t.Context(), transport, "POST", s.base+"/echo", strings.NewReader(strings.Repeat("x", 2001)))
	if err != nil || answer.StatusCode != 413 {
		t.Errorf("a large body: %v %v", answer, err)
	}
	answer, _, err = servertest.Exchange(t.Context(), transport, "GET", s.base+"/long", nil, "X-Large", strings.Repeat("x", 20_000))
	if err != nil || answer.StatusCode != 431 {
		t.Errorf("a large header: %v %v", answer, err)
	}
	for n, want := range []int{404, 404, 429} {
		if answer, body := s.get("/nothing", "X-Forwarded-For", "192.0.2.7"); answer.StatusCode != want {
			t.Errorf("request %d: %d %s", n, answer.StatusCode, body)
		}
	}
	if answer, _ := s.get("/metrics"); answer.StatusCode == 200 {
		t.Error("the metrics are on the main listener too")
	}
	line, _ := s.log.Line(func(line map[string]any) bool { return line["server"] == "metrics" })
	answer, _, err = servertest.Exchange(t.Context(), transport, "GET", "http://"+line["address"].(string)+"/metrics", nil)
	if err != nil || answer.StatusCode != 200 {
		t.Errorf("metrics: %v %v", answer, err)
	}
}

func TestAPanicEndsOneRequestOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), testRoutes(nil, nil))
	answer, body := s.get("/panic")
	if answer.StatusCode != 500 || strings.Contains(string(body), "boom") ||
		!strings.Contains(string(body), answer.Header.Get("X-Request-Id")) {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer, _ := s.get("/healthz"); answer.StatusCode != 200 {
		t.Errorf("afterwards: %d", answer.StatusCode)
	}
}

func TestAnAddressInUseIsAFailure(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), noRoutes)
	address := strings.TrimPrefix(s.base, "http://")
	code, _, stderr := command(t, nil, "serve", "--listen", address, "--data-dir", t.TempDir())
	if code != 1 || !strings.Contains(stderr, "roster: listen on "+address) {
		t.Errorf("%d %s", code, stderr)
	}
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), noRoutes)
	address := strings.TrimPrefix(s.base, "http://")
	if code, _, stderr := command(t, map[string]string{"ROSTER_LISTEN": address}, "healthcheck"); code != 0 {
		t.Errorf("%d %s", code, stderr)
	}
	s.stop()
	if code, _, stderr := command(t, nil, "healthcheck", "--listen", address); code != 1 {
		t.Errorf("without a server: %d %s", code, stderr)
	}
}
