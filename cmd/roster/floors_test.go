package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "roster"

// floors say how high a package stands, with all below its folder that has no floor of its own. An import may only lead down to a lower
// floor, or stay within the same unit.
var floors = map[string]int{
	"docs":              0, // text, and programs of integrators, which import nothing of ours
	"jsonapi":           0,
	"models/store":      1,
	"models/target":     1,
	"models/picture":    1,
	"models/blob":       2,
	"models/collection": 2,
	"models":            3,
	"webhooks/queue":    4,
	"auth":              5,
	"mail":              4,
	"importing":         4,
	"webhooks":          5,
	"server":            6,
	"tracing":           7, // imports nothing of ours; its tests read logs
	"compat/plain":      7,
	"compat/compattest": 7,
	"handlers":          8,
	"compat":            8,
	"signin":            8,
	"console":           8,
	"cmd":               9,
	"conformance":       8, // tests a server from outside, and so imports nothing of ours; the program is tested with it
}

// goPackage is what "go list -json" tells about a package.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImportsOnlyLeadDown(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) < 5 {
		t.Fatalf("go list found %d packages, so it did not look at the whole module", len(packages))
	}
	for _, forbidden := range forbiddenImports(packages) {
		t.Error(forbidden)
	}
}

func TestAForbiddenImportIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p    goPackage
		want string
	}{
		"up": {
			goPackage{ImportPath: "roster/models", Imports: []string{"roster/handlers"}},
			"roster/models imports roster/handlers: an import must lead down, from floor 3 to 8 it does not",
		},
		"up, from a test": {
			goPackage{ImportPath: "roster/auth", XTestImports: []string{"roster/handlers"}},
			"the tests of roster/auth import roster/handlers: an import must lead down, from floor 5 to 8 it does not",
		},
		"sideways": {
			goPackage{ImportPath: "roster/handlers", Imports: []string{"roster/console"}},
			"roster/handlers imports roster/console: an import must lead down, from floor 8 to 8 it does not",
		},
		"from one dialect to another": {
			goPackage{ImportPath: "roster/compat/orgs", Imports: []string{"roster/compat/identity"}},
			"roster/compat/orgs imports roster/compat/identity: an import must lead down, from floor 8 to 8 it does not",
		},
		"up, within a folder": {
			goPackage{ImportPath: "roster/models/store", Imports: []string{"roster/models"}},
			"roster/models/store imports roster/models: an import must lead down, from floor 1 to 3 it does not",
		},
		"up, from lists to what is listed": {
			goPackage{ImportPath: "roster/models/collection", Imports: []string{"roster/models"}},
			"roster/models/collection imports roster/models: an import must lead down, from floor 2 to 3 it does not",
		},
		"up, from databases to lists": {
			goPackage{ImportPath: "roster/models/store", Imports: []string{"roster/models/collection"}},
			"roster/models/store imports roster/models/collection: an import must lead down, from floor 1 to 2 it does not",
		},
		"up, to what stands on it": {
			goPackage{ImportPath: "roster/webhooks/queue", Imports: []string{"roster/webhooks"}},
			"roster/webhooks/queue imports roster/webhooks: an import must lead down, from floor 4 to 5 it does not",
		},
		"up, from models to what a write owes": {
			goPackage{ImportPath: "roster/models", Imports: []string{"roster/webhooks/queue"}},
			"roster/models imports roster/webhooks/queue: an import must lead down, from floor 3 to 4 it does not",
		},
		"from the ground floor": {
			goPackage{ImportPath: "roster/jsonapi", Imports: []string{"roster/models"}},
			"roster/jsonapi imports roster/models: an import must lead down, from floor 0 to 3 it does not",
		},
		"of google/jsonapi": {
			goPackage{ImportPath: "roster/models", Imports: []string{"github.com/google/jsonapi"}},
			"roster/models imports github.com/google/jsonapi: only roster/jsonapi may",
		},
		"up, from mails to who asks for them": {
			goPackage{ImportPath: "roster/mail", Imports: []string{"roster/handlers"}},
			"roster/mail imports roster/handlers: an import must lead down, from floor 4 to 8 it does not",
		},
		"of the tests' tools": {
			goPackage{ImportPath: "roster/webhooks", Imports: []string{"roster/models/modelstest"}},
			"roster/webhooks imports roster/models/modelstest: only tests may",
		},
		"of ours by conformance": {
			goPackage{ImportPath: "roster/conformance", TestImports: []string{"roster/jsonapi"}},
			"the tests of roster/conformance import roster/jsonapi: it must know the service from outside only",
		},
		"from a package without a floor": {
			goPackage{ImportPath: "roster/util", Imports: []string{"roster/models"}},
			"roster/util stands on no floor",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := forbiddenImports([]goPackage{c.p}); !slices.Equal(got, []string{c.want}) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnAllowedImportIsNotFound(t *testing.T) {
	t.Parallel()
	for _, p := range []goPackage{
		{ImportPath: "roster/jsonapi", Imports: []string{"fmt", "github.com/google/jsonapi"}},
		{
			ImportPath: "roster/models", Imports: []string{"roster/jsonapi"},
			XTestImports: []string{"roster/models", "roster/models/modelstest"},
		},
		{ImportPath: "roster/models", Imports: []string{"roster/models/collection", "roster/models/store"}},
		{
			ImportPath: "roster/models/collection", Imports: []string{"roster/jsonapi", "roster/models/store"},
			XTestImports: []string{"roster/models/collection", "roster/models/modelstest"},
		},
		{ImportPath: "roster/models/modelstest", Imports: []string{"roster/models", "roster/models/store"}},
		{ImportPath: "roster/webhooks", Imports: []string{"roster/models", "roster/webhooks/queue"}},
		{ImportPath: "roster/webhooks/queue", Imports: []string{"roster/models", "roster/models/store"}},
		{ImportPath: "roster/webhooks/webhookstest", Imports: []string{"roster/models/modelstest", "roster/webhooks"}},
		{ImportPath: "roster/compat/orgs/wire", Imports: []string{"roster/compat/orgs", "roster/compat/plain"}},
		{ImportPath: "roster/cmd/roster", Imports: []string{"roster/handlers", "roster/compat/orgs", "roster/models"}},
	} {
		for _, forbidden := range forbiddenImports([]goPackage{p}) {
			t.Error(forbidden)
		}
	}
}

// forbiddenImports returns one sentence for every import that the floors forbid.
func forbiddenImports(packages []goPackage) []string {
	var found []string
	for _, p := range packages {
		if floorOf(p.ImportPath) == "" {
			found = append(found, p.ImportPath+" stands on no floor")
			continue
		}
		for _, imported := range p.Imports {
			if why := whyForbidden(p.ImportPath, imported, isTestTool(p.ImportPath)); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, imported, why))
			}
		}
		for _, imported := range append(slices.Clone(p.TestImports), p.XTestImports...) {
			if why := whyForbidden(p.ImportPath, imported, true); why != "" {
				found = append(found, fmt.Sprintf("the tests of %s import %s: %s", p.ImportPath, imported, why))
			}
		}
	}
	return found
}

// whyForbidden returns why from may not import to, or nothing.
func whyForbidden(from, to string, test bool) string {
	if to == "github.com/google/jsonapi" && from != module+"/jsonapi" {
		return "only " + module + "/jsonapi may"
	}
	if !strings.HasPrefix(to, module+"/") {
		return ""
	}
	if floorOf(from) == "conformance" {
		if unit(to) == unit(from) {
			return ""
		}
		return "it must know the service from outside only"
	}
	if isTestTool(to) {
		if test {
			return ""
		}
		return "only tests may"
	}
	above, below := floors[floorOf(from)], floors[floorOf(to)]
	if unit(from) != unit(to) && above <= below {
		return fmt.Sprintf("an import must lead down, from floor %d to %d it does not", above, below)
	}
	return ""
}

// floorOf returns the folder that a package has its floor from, "" for none: the longest that it is in.
func floorOf(importPath string) string {
	for folder := strings.TrimPrefix(importPath, module+"/"); folder != "."; folder = path.Dir(folder) {
		if _, ok := floors[folder]; ok {
			return folder
		}
	}
	return ""
}

// unit returns what a package is part of: the folder of its floor, or one dialect, or one program.
func unit(importPath string) string {
	parts := strings.Split(strings.TrimPrefix(importPath, module+"/"), "/")
	if top := parts[0]; len(parts) > 1 && (top == "compat" || top == "cmd") {
		return path.Join(top, parts[1])
	}
	return floorOf(importPath)
}

// isTestTool reports whether a package is imported by tests only: modelstest, webhookstest …
func isTestTool(importPath string) bool { return strings.HasSuffix(importPath, "test") }

// listPackages returns the packages of the module.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("read what go list says: %v", err)
		}
		packages = append(packages, p)
	}
}
