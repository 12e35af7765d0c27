package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/conformance/suite"
)

// TestEveryRowOfTheSpecificationHolds runs the black-box conformance suite against the whole program, on each database. The report is
// docs/conformance.md, the same for both.
func TestEveryRowOfTheSpecificationHolds(t *testing.T) {
	t.Parallel()
	description, err := suite.LoadDescription(filepath.Join("..", "..", "conformance", "roster.json"))
	if err != nil {
		t.Fatal(err)
	}
	modelstestURLs(t, func(t *testing.T, url string) {
		s := serve(t, t.TempDir(), mountAPI, "--database-url", url, "--migrate", "--rate-limit", "0")
		key := regexp.MustCompile(`roster_m_\w+`).FindString(s.stdout.String())
		report, err := suite.Run(t.Context(), s.base, description, suite.Options{
			Header:  http.Header{"Authorization": {"Bearer " + key}},
			Limited: http.Header{"Authorization": {"Bearer " + organizationToken(t, s.base, key)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if failed := report.Failed(suite.Must, suite.MustNot, suite.Should, suite.HTTP, suite.Note, suite.Pick); len(failed) > 0 {
			var text bytes.Buffer
			if err := report.Text(&text); err != nil {
				t.Fatal(err)
			}
			t.Errorf("failed rows: %v\n%s", failed, &text)
		}
		checkReport(t, report)
	})
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
