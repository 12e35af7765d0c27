package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// environmentOf returns variables as a process has them.
func environmentOf(variables map[string]string) environment {
	var e environment
	for name, value := range variables {
		e = append(e, name+"="+value)
	}
	return e
}

func TestAVariableThatIsNoSettingIsToldOf(t *testing.T) {
	t.Parallel()
	env := map[string]string{"ROSTER_LISTN": ":9", "ROSTER_PORT": "tcp://10.0.0.1:80", "ROSTER_SESSION_IDLE": "1h"}
	s := serveIn(t, env, t.TempDir(), noRoutes)
	s.log.Match(t, `"level":"WARN","msg":"a variable of the environment is no setting, and ignored","variable":"ROSTER_LISTN",`+
		`"nearest":"ROSTER_LISTEN"}\n(?s:.*)"listening"`)
	code, stdout, stderr := command(t, map[string]string{"ROSTER_DATABASE_ULR": "postgres://root:hunter2@db/x"}, "key", "list",
		"--data-dir", s.dir)
	const want = "level=WARN msg=\"a variable of the environment is no setting, and ignored\" variable=ROSTER_DATABASE_ULR " +
		"nearest=ROSTER_DATABASE_URL\n"
	if code != exitOK || stdout == "" || !strings.HasSuffix(stderr, want) || strings.Count(stderr, "\n") != 1 {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	// What asks every few seconds has no log.
	code, _, stderr = command(t, map[string]string{"ROSTER_LISTN": ":9", "ROSTER_LISTEN": s.base[len("http://"):]}, "healthcheck")
	if code != exitOK || stderr != "" {
		t.Errorf("%d %s", code, stderr)
	}
}

func TestVariablesThatAPlatformMakesAreNotToldOf(t *testing.T) {
	t.Parallel()
	e := environment{
		"ROSTER_SERVICE_HOST=10.0.0.11", "ROSTER_SERVICE_PORT=8080", "ROSTER_SERVICE_PORT_HTTP=8080", "ROSTER_PORT=tcp://10.0.0.11:8080",
		"ROSTER_PORT_8080_TCP=tcp://10.0.0.11:8080", "ROSTER_PORT_8080_TCP_PROTO=tcp", "ROSTER_PORT_8080_TCP_PORT=8080",
		"ROSTER_PORT_8080_TCP_ADDR=10.0.0.11", "ROSTER_METRICS_SERVICE_HOST=10.0.0.12", "ROSTER_METRICS_PORT=tcp://10.0.0.12:9090",
		"ROSTER_SECRET_KEY=x", "ROSTER_LISTEN_SECRET=x", "ROSTER_LISTEN=:8080", "ROSTERS=3", "PATH=/bin", "ROSTER_LISTN=",
	}
	if diff := cmp.Diff([]unknownVariable(nil), e.unknown(), cmp.AllowUnexported(unknownVariable{})); diff != "" {
		t.Error(diff)
	}
	e = environment{"ROSTER_PORT=8080", "ROSTER_FOO=1", "ROSTER_LOGLEVEL=debug",
		"ROSTER_MIGRAT=true", "ROSTER_FILE=x", "ROSTER_SECRET=x", "ROSTER_TLS_CERTIFICATE=x"}
	want := []unknownVariable{
		{"ROSTER_FILE", "ROSTER_FILES"}, {"ROSTER_FOO", ""}, {"ROSTER_LOGLEVEL", "ROSTER_LOG_LEVEL"},
		{"ROSTER_MIGRAT", "ROSTER_MIGRATE"}, {"ROSTER_PORT", ""},
		{"ROSTER_SECRET", "ROSTER_SECRET_KEY"}, {"ROSTER_TLS_CERTIFICATE", "ROSTER_TLS_CERT"},
	}
	if diff := cmp.Diff(want, e.unknown(), cmp.AllowUnexported(unknownVariable{})); diff != "" {
		t.Error(diff)
	}
}
