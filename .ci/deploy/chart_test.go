package deploy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

const chartDir = "../../deploy/helm/roster"

func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// render returns the files that Helm makes of the chart with the values that a user writes.
func render(t *testing.T, written string, change func(common.Values)) (map[string]string, error) {
	t.Helper()
	c := load(t)
	user := map[string]any{}
	if err := yaml.Unmarshal([]byte(written), &user); err != nil {
		t.Fatal(err)
	}
	values, err := util.ToRenderValues(c, user, common.ReleaseOptions{
		Name: "roster", Namespace: "roster", Revision: 1, IsInstall: true,
	}, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	change(values)
	return engine.Render(c, values)
}

func asHelm(common.Values) {}

// asKubectl is whoever applies what was rendered: labels do not say that Helm looks after it.
func asKubectl(values common.Values) { values["Release"].(map[string]any)["Service"] = "kubectl" }

// documents returns the parts of rendered files in the order of their names, each without what is empty.
func documents(files map[string]string) []string {
	var names, all []string
	for name := range files {
		if strings.HasSuffix(name, ".yaml") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for part := range strings.SplitSeq(files[name], "\n---\n") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

func TestTheLinterFindsNothing(t *testing.T) {
	t.Parallel()
	for name, written := range valuesOfUsers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := map[string]any{}
			if err := yaml.Unmarshal([]byte(written), &values); err != nil {
				t.Fatal(err)
			}
			for _, m := range lint.RunAll(chartDir, values, "roster").Messages {
				if m.Severity > support.InfoSev { // an icon would be nice
					t.Error(m)
				}
			}
		})
	}
}

func TestValuesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"replica: 3":                  "additional properties 'replica' not allowed",
		"replicas: -1":                "minimum",
		"image: {repository: ''}":     "minLength",
		"secretKey: {secret: Roster}": "does not match pattern",
		"database: {url: 'postgres://user:password@host/x'}": "additional properties 'url' not allowed",
		"settings: {rate-limt: 5}":                           "invalid propertyName 'rate-limt'",
		"settings: {database-url: 'postgres://host/x'}":      "invalid propertyName 'database-url'",
		"settings: {smtp-url: 'smtps://user:password@host'}": "invalid propertyName 'smtp-url'",
		"settings: {listen: ':1'}":                           "invalid propertyName 'listen'",
		"shutdown: {graceSeconds: 0}":                        "minimum",
		"networkPolicy: {webhookPorts: ['https']}":           "want integer",
	} {
		_, err := render(t, written, asHelm)
		if err == nil {
			t.Errorf("%s is taken", written)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", written, err, want)
		}
	}
}

// TestTheManifestsAreTheChart compares what stands beside the chart, for whoever does not use Helm, with what the chart makes of no values
// at all. ROSTER_GOLDEN=update writes it anew.
func TestTheManifestsAreTheChart(t *testing.T) {
	t.Parallel()
	files, err := render(t, "", asKubectl)
	if err != nil {
		t.Fatal(err)
	}
	const first = "roster/templates/first-key.yaml"
	for file, want := range map[string]string{
		"first-key.yaml": "# Made from deploy/helm/roster. To be applied first, once: it ends with the key in its log.\n" +
			strings.Join(documents(map[string]string{first: files[first]}), "\n---\n") + "\n",
		"roster.yaml": "# Made from deploy/helm/roster. To be changed there, or with kustomize: image and replicas at least.\n" +
			strings.Join(documents(without(files, first)), "\n---\n") + "\n",
	} {
		path := filepath.Join("../../deploy/kubernetes", file)
		if os.Getenv("ROSTER_GOLDEN") == "update" {
			if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is not what the chart makes; \"make golden\" writes it anew (-chart +file):\n%s", path, diff)
		}
	}
}

func without(files map[string]string, name string) map[string]string {
	rest := map[string]string{}
	for n, text := range files {
		if n != name {
			rest[n] = text
		}
	}
	return rest
}
