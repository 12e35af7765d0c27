package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rows is how many faults the page has.
const rows = 48

// TestThePageOfFaultsNamesTestsThatExist reads every row of faults.md and looks for its tests.
func TestThePageOfFaultsNamesTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("faults.md")
	if err != nil {
		t.Fatal(err)
	}
	found, err := tests("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faultsOf(string(page), found) {
		t.Error(fault)
	}
}

func TestWhatThePageOfFaultsLacksIsFound(t *testing.T) {
	row := func(n int, shown string) string {
		return fmt.Sprintf("| %d | a fault | what follows | %s |\n", n, shown)
	}
	page := "| | Fault | What Roster does | Shown by |\n|---|---|---|---|\n"
	for n := 1; n <= rows; n++ {
		switch n {
		case 3:
			page += row(n, "")
		case 4:
			page += row(n, "`TestThere` `TestGone`")
		case 6:
			page += row(n, "none: it would take a day")
		case 7:
			page += row(n, "none")
		case 9: // is missing
		default:
			page += row(n, "`TestThere`")
		}
	}
	want := []string{
		"row 3 has neither a test nor a reason", "row 4 names TestGone, which is no test", "row 7 has neither a test nor a reason",
		"row 10 stands where row 9 should",
	}
	if got := faultsOf(page, map[string]bool{"TestThere": true}); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var (
	line   = regexp.MustCompile(`(?m)^\| (\d+) \| (.+) \| (.+) \| (.*) \|$`)
	named  = regexp.MustCompile("`(Test\\w+)`")
	reason = regexp.MustCompile(`^none: \w+`)
)

// faultsOf returns what is wrong with the rows of a page: their numbers run from 1, and each names tests, or says why there is none.
func faultsOf(page string, known map[string]bool) (faults []string) {
	last := 0
	for _, row := range line.FindAllStringSubmatch(page, -1) {
		number, shown := row[1], row[4]
		last++
		if number != fmt.Sprint(last) {
			faults = append(faults, fmt.Sprintf("row %s stands where row %d should", number, last))
			last++
		}
		tests := named.FindAllStringSubmatch(shown, -1)
		if len(tests) == 0 && !reason.MatchString(shown) {
			faults = append(faults, fmt.Sprintf("row %s has neither a test nor a reason", number))
		}
		for _, test := range tests {
			if !known[test[1]] {
				faults = append(faults, fmt.Sprintf("row %s names %s, which is no test", number, test[1]))
			}
		}
	}
	if last != rows {
		faults = append(faults, fmt.Sprintf("the last row is %d, not %d", last, rows))
	}
	return faults
}

// tests returns the names of the tests below a directory, whatever they are built for.
func tests(dir string) (map[string]bool, error) {
	names := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	return names, err
}
