package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"roster/conformance/suite"
)

// TestEveryRowOfTheSpecificationHolds runs the black-box conformance suite against the whole program, on each database. The report is
// docs/conformance.md, the same for both.
func TestEveryRowOfTheSpecificationHolds(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		s := serve(t, t.TempDir(), mountAPI, "--database-url", url, "--migrate", "--rate-limit", "0")
		report := examine(t, s)
		wantNoFailure(t, report, suite.Must, suite.MustNot, suite.Should, suite.HTTP, suite.Note, suite.Pick)
		checkReport(t, report)
	})
}

// An organization of three thousand people is on the first page of what the suite reads: nothing that grew may break a rule.
func TestEveryRowHoldsBesideAnOrganizationOfThreeThousandPeople(t *testing.T) {
	t.Parallel()
	modelstestURLs(t, func(t *testing.T, url string) {
		s := serve(t, t.TempDir(), mountAPI, "--database-url", url, "--migrate", "--rate-limit", "0")
		employ(t, s, 3000)
		wantNoFailure(t, examine(t, s), suite.Must, suite.MustNot)
	})
}

func managementKey(s *server) string { return regexp.MustCompile(`roster_m_\w+`).FindString(s.stdout.String()) }

// examine runs the suite against a server, as a caller who may do everything.
func examine(t *testing.T, s *server) *suite.Report {
	t.Helper()
	description, err := suite.LoadDescription(filepath.Join("..", "..", "conformance", "roster.json"))
	if err != nil {
		t.Fatal(err)
	}
	key := managementKey(s)
	report, err := suite.Run(t.Context(), s.base, description, suite.Options{
		Header:  http.Header{"Authorization": {"Bearer " + key}},
		Limited: http.Header{"Authorization": {"Bearer " + organizationToken(t, s.base, key)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func wantNoFailure(t *testing.T, report *suite.Report, levels ...suite.Level) {
	t.Helper()
	if failed := report.Failed(levels...); len(failed) > 0 {
		var text bytes.Buffer
		if err := report.Text(&text); err != nil {
			t.Fatal(err)
		}
		t.Errorf("failed rows: %v\n%s", failed, &text)
	}
}

// employ creates an organization and that many people in it, a hundred in each request.
func employ(t *testing.T, s *server, people int) {
	t.Helper()
	operations := func(list []any) {
		body, err := json.Marshal(map[string]any{"atomic:operations": list})
		if err != nil {
			t.Fatal(err)
		}
		const atomic = `application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"`
		answer, said, err := request(t.Context(), &http.Transport{DisableKeepAlives: true}, "POST", s.base+"/public/v2/operations", bytes.NewReader(body),
			"Authorization", "Bearer "+managementKey(s), "Content-Type", atomic, "Accept", atomic)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("create %d resources: %v %.500s", len(list), err, said)
		}
	}
	organization := uuid.NewString()
	operations([]any{map[string]any{"op": "add", "data": map[string]any{
		"type": "organizations", "id": organization, "attributes": map[string]any{"name": "Large and Sons"},
	}}})
	for n := 0; n < people; n += 100 {
		var list []any
		for i := n; i < min(n+100, people); i++ {
			list = append(list, map[string]any{"op": "add", "data": map[string]any{
				"type":       "users",
				"attributes": map[string]any{"email": fmt.Sprintf("person%d@example.com", i), "firstName": "Some", "lastName": "Body"},
				"relationships": map[string]any{
					"organization": map[string]any{"data": map[string]any{"type": "organizations", "id": organization}},
				},
			}})
		}
		operations(list)
	}
}

// checkReport compares the report with the documentation, which ROSTER_GOLDEN=update writes anew.
func checkReport(t *testing.T, report *suite.Report) {
	t.Helper()
	var page bytes.Buffer
	if err := report.Markdown(&page); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("..", "..", "docs", "conformance.md")
	if os.Getenv("ROSTER_GOLDEN") == "update" {
		if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	documented, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(documented), page.String()); diff != "" {
		t.Errorf("docs/conformance.md is not what the suite says; run make golden and read the difference (-file +suite):\n%s", diff)
	}
}

// organizationToken creates an organization and returns its token.
func organizationToken(t *testing.T, base, key string) string {
	t.Helper()
	body := strings.NewReader(`{"data":{"type":"organizations","attributes":{"name":"Limited caller"}}}`)
	answer, created, err := request(t.Context(), &http.Transport{DisableKeepAlives: true}, "POST", base+"/public/v2/management/organizations",
		body, "Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json")
	token := regexp.MustCompile(`roster_o_\w+`).Find(created)
	if err != nil || answer.StatusCode != http.StatusCreated || token == nil {
		t.Fatalf("create an organization: %v %s", err, created)
	}
	return string(token)
}
