package deploy

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	composecli "github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// project reads a compose file as "docker compose config" does: schema, merges, variables, and whether what is named is there.
func project(t *testing.T, file string) *types.Project {
	t.Helper()
	options, err := composecli.NewProjectOptions([]string{file}, composecli.WithEnv([]string{"POSTGRES_PASSWORD=of-the-environment"}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestComposeTakesItsFiles(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"../../docker-compose.yml":          "postgres roster",
		"../../deploy/compose/compose.yaml": "first-key migrate pgbouncer postgres proxy roster-1 roster-2",
	} {
		names := project(t, file).ServiceNames()
		slices.Sort(names)
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s has %s, want %s", file, got, want)
		}
	}
}

// TestTheReplicasOfComposeAreAlike also looks at what stops them before their requests have ended, and at what they reach PostgreSQL
// through.
func TestTheReplicasOfComposeAreAlike(t *testing.T) {
	t.Parallel()
	p := project(t, "../../deploy/compose/compose.yaml")
	one, two := p.Services["roster-1"], p.Services["roster-2"]
	for name, value := range one.Environment {
		other := two.Environment[name]
		if other == nil || value == nil || *other != *value {
			t.Errorf("%s is not the same for both replicas", name)
		}
	}
	url := *one.Environment["ROSTER_DATABASE_URL"]
	if !strings.Contains(url, "roster:of-the-environment@pgbouncer:6432/") {
		t.Errorf("the replicas use %s", url)
	}
	stopping := time.Duration(0)
	for _, name := range []string{"ROSTER_SHUTDOWN_DELAY", "ROSTER_SHUTDOWN_GRACE"} {
		d, err := time.ParseDuration(*one.Environment[name])
		if err != nil {
			t.Error(err)
		}
		stopping += d
	}
	if one.StopGracePeriod == nil || time.Duration(*one.StopGracePeriod) <= stopping {
		t.Errorf("they are killed after %v, and stopping takes up to %v", one.StopGracePeriod, stopping)
	}
	subnet := p.Networks["inside"].Ipam.Config[0].Subnet
	if trusted := *one.Environment["ROSTER_TRUSTED_PROXIES"]; trusted != subnet {
		t.Errorf("they believe %s, and the proxy is in %s", trusted, subnet)
	}
	for name := range p.Services["proxy"].Networks {
		if _, meet := one.Networks[name]; meet != (name == "inside") {
			t.Errorf("the proxy and the replicas meet in %s: %v", name, meet)
		}
	}
	for name, c := range p.Configs {
		if found, err := filepath.Glob(c.File); err != nil || len(found) != 1 {
			t.Errorf("the file %s of %s is missing: %v", c.File, name, err)
		}
	}
}
