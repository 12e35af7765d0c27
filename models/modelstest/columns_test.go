package modelstest

import (
	"strings"
	"testing"
	"time"

	"roster/models/store"
)

type goodPath struct {
	AncestorID   string `gorm:"column:ancestor_id"`
	DescendantID string `gorm:"column:descendant_id"`
	Distance     int    `gorm:"column:distance"`
	Loaded       bool   `gorm:"-"`
}

func (goodPath) TableName() string { return "organization_paths" }

type badCredential struct {
	Lookup    int        `gorm:"column:lookup"`
	Hash      []byte     `gorm:"column:hash"`
	APIKeyID  string     `gorm:"column:api_key_id"`
	ExpiresAt *time.Time `gorm:"column:expires_at"`
	CreatedAt *time.Time `gorm:"column:created_at"`
	Owner     string     `gorm:"column:owner"`
}

func (badCredential) TableName() string { return "credentials" }

func TestAStructWithTheColumnsOfItsTablePasses(t *testing.T) {
	t.Parallel()
	CompareColumns(t, &goodPath{})
}

func TestEachDifferenceBetweenStructAndTableIsReported(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, db *store.DB) {
		columns, err := readColumns(t.Context(), Writable(db), db.Dialect())
		if err != nil {
			t.Fatal(err)
		}
		mismatches, err := columnMismatches(columns, &badCredential{})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"*modelstest.badCredential: Lookup is int, but credentials.column lookup text NOT NULL",
			"*modelstest.badCredential: APIKeyID is string: NULL, but credentials.column api_key_id text",
			"*modelstest.badCredential: no field for credentials.column organization_id text",
			"*modelstest.badCredential: CreatedAt is *time.Time: NULL, but credentials.column created_at timestamp NOT NULL",
			"*modelstest.badCredential: no field for credentials.column last_used_at timestamp",
			"*modelstest.badCredential: Owner has no column credentials.owner",
		}
		if got := strings.Join(mismatches, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("reported:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
		}
	})
}
