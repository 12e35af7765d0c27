package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/conformance/suite"
	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/server"
	"roster/server/servertest"
)

// TestEveryRowOfTheSpecificationHolds runs the black-box conformance suite against the whole program, on each database. The report is
// docs/conformance.md, the same for both.
func TestEveryRowOfTheSpecificationHolds(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	description, err := suite.LoadDescription(filepath.Join("..", "..", "conformance", "roster.json"))
	if err != nil {
		t.Fatal(err)
	}
	modelstestURLs(t, func(t *testing.T, url string) {
		checkReport(t, conformanceOf(t, url, description, frontDoors))
	})
}

// TestEveryRowHoldsBesideThousandsOfPeople: what is there already, 3,000 people in one organization, changes no row.
func TestEveryRowHoldsBesideThousandsOfPeople(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	description, err := suite.LoadDescription(filepath.Join("..", "..", "conformance", "roster.json"))
	if err != nil {
		t.Fatal(err)
	}
	eachURL(t, modelstest.OneOf(t, modelstest.Dialects), func(t *testing.T, url string) {
		conformanceOf(t, url, description, func(a *app) []*server.Door {
			if err := models.InsertBatch(t.Context(), a.db, crowd(3000)); err != nil {
				t.Error(err)
			}
			return frontDoors(a)
		})
	})
}

// crowd returns an organization of that many people, older than anything else.
func crowd(people int) *models.Batch {
	at := jsonapi.Stamp{Time: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
	head := &models.Organization{ID: models.NewID(), CreatedAt: at, UpdatedAt: at, Name: "Crowd",
		Slug: "crowd", Kind: "company", Version: 1}
	batch := &models.Batch{Organizations: []*models.Organization{head}}
	for range people {
		user := &models.User{ID: models.NewID(), CreatedAt: at, UpdatedAt: at, FirstName: &head.Name, Active: true, Version: 1}
		batch.Users = append(batch.Users, user)
		batch.Memberships = append(batch.Memberships, &models.Membership{
			ID: models.NewID(), CreatedAt: at, UpdatedAt: at, OrganizationID: head.ID, UserID: user.ID, Version: 1,
		})
	}
	return batch
}

// conformanceOf runs the suite against a new server on a database as the management.
func conformanceOf(t *testing.T, url string, description *suite.Description, doors func(*app) []*server.Door) *suite.Report {
	t.Helper()
	s := serve(t, t.TempDir(), doors, "--database-url", url, "--migrate", "--rate-limit", "0")
	key := regexp.MustCompile(`roster_m_\w+`).FindString(s.stdout.String())
	return holds(t, s.base, description, suite.Options{
		Header:  http.Header{"Authorization": {"Bearer " + key}},
		Limited: http.Header{"Authorization": {"Bearer " + organizationToken(t, s.base, key)}},
	})
}

// holds runs the suite against a server, and fails the test if a row does not hold.
func holds(t *testing.T, base string, description *suite.Description, as suite.Options) *suite.Report {
	t.Helper()
	report, err := suite.Run(t.Context(), base, description, as)
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
	return report
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
	answer, created, err := servertest.Exchange(t.Context(), servertest.Fresh(), "POST",
		base+"/public/v2/management/organizations",
		body, "Authorization", "Bearer "+key, "Content-Type", "application/vnd.api+json")
	token := regexp.MustCompile(`roster_o_\w+`).Find(created)
	if err != nil || answer.StatusCode != http.StatusCreated || token == nil {
		t.Fatalf("create an organization: %v %s", err, created)
	}
	return string(token)
}
