package importing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/importing"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// read is what became of a file, with each fault as "line: why".
type read struct {
	importing.Summary
	faults []string
	err    error
}

// run brings in a file as the program does. Each option changes its settings.
func run(ctx context.Context, db *store.DB, in io.Reader, format importing.Format, options ...func(*importing.Settings)) (r read) {
	s := importing.Settings{Format: format, Roles: []string{"member"}, Progress: func(importing.Summary) {}}
	s.Fault = func(line int, why string) { r.faults = append(r.faults, fmt.Sprintf("%d: %s", line, why)) }
	for _, option := range options {
		option(&s)
	}
	r.Summary, r.err = importing.Run(ctx, db, models.System("test"), in, s)
	return r
}

// compare returns how two of them differ, "" for not at all.
func compare(want, got read) string {
	return cmp.Diff(want, got, cmp.AllowUnexported(read{}), cmpopts.EquateErrors())
}

// into names the organization of people who name none.
func into(organization string) func(*importing.Settings) {
	return func(s *importing.Settings) { s.Organization = organization }
}

func dry(s *importing.Settings) { s.DryRun = true }

// some returns a table of so many people.
func some(n int) io.Reader {
	var table strings.Builder
	table.WriteString("email,firstName\n")
	for i := range n {
		fmt.Fprintf(&table, "p%d@example.com,P\n", i)
	}
	return strings.NewReader(table.String())
}

const nobody = "01912f6a-8c00-7abc-8def-0123456789ab"

// table has every kind of fault of CSV, and of rows that only the database can refuse.
const table = "\ufeffemail,firstName,lastName,locale,active,roles,organization\r\n" +
	"ada@example.com,Ada,\"Love\r\nlace\",en-GB,true,admin; viewer,\r\n" + // 2
	"\r\n" +
	"bob@example.com,\"Bob\nthe builder\",Smith,de-CH,yes,,\n" + // 5
	",No,Address,,,,\n" +
	"carl@example.com,\"Carl,X,,,,\n" + // 8
	"dora@example.com,Do\"ra,D,,,,\n" +
	"eve@example.com,Eve,E,,false,nosuch,\n" + // 10
	"ADA@EXAMPLE.COM,Not,Ada,,,,\n" +
	"fred@example.com,F,F,,,," + nobody + "\n" +
	"gus@example.com,G\n" + // 13
	",,,,,,\n" +
	"not an address,G,H,?,,viewer;;admin,x\n" +
	"henk@example.com,\xff,H,,,,\n" + // 16
	"ida@example.com,I\x00,I,,,,\n" +
	"jan@example.com,J,\"said \"\"J, too\"\"\",,FALSE,," // the last line has no end

var tableFaults = []string{
	"5: active: must be true or false",
	"7: email: is required",
	"8: the line is no CSV: extraneous or missing \" in quoted-field",
	"9: the line is no CSV: bare \" in non-quoted-field",
	"10: roles: There is no role \"nosuch\" to give there",
	"12: organization: There is no resource of type organizations with the id \"" + nobody + "\"",
	"13: there are 2 columns, not 7 as in the first line",
	"15: email: must be an email address like ada@example.com; locale: must be a BCP 47 language tag like de-CH; " +
		"organization: must be the id of an organization; roles: must be a list of keys or ids of roles",
	"16: the line is not UTF-8",
	"17: firstName: must not contain the NUL character",
}

// objects has every kind of fault of NDJSON.
var objects = "\ufeff{\"email\":\"ada@example.com\",\"firstName\":\"Ada\",\"active\":false,\"roles\":[\"admin\",\"viewer\"]}\r\n" +
	"{\"email\":\"b@example.com\",\"x\":1,\"roles\":\"admin\"}\n" +
	"\n" +
	"{\"email\":\"c@example.com\",\"firstName\":7,\"active\":null,\"fullName\":\"x\"}\n" + // 4
	"[1]\n" +
	"{\"email\":\n" +
	"{\"email\":\"d@example.com\",\"lastName\":\"a\\u0000b\"}\n" + // 7
	"{\"email\":\"e\xff@example.com\"}\n" +
	"{\"email\":\"f@example.com\",\"email\":\"a\"}\n" +
	"{\"email\":\"g@example.com\",\"password\":\"correct horse battery\"}\n" + // 10
	strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n" +
	"{\"email\":\"h@example.com\",\"lastName\":\"" + strings.Repeat("x", 1<<20) + "\"}\n" +
	"{\"email\":\"i@example.com\",\"roles\":[],\"organization\":null,\"phone\":null}\n" + // 13
	"{\"email\":\"j@example.com\",\"roles\":[7]}"

var known = "is not known; there are " + strings.Join(importing.Columns(), ", ")

var objectFaults = []string{
	"2: roles: must be a list of keys or ids of roles; x: " + known,
	"4: active: must not be null; firstName: must be a string; fullName: " + known,
	"5: the line is no JSON object",
	"6: The body breaks the rules of JSON at byte 10: unexpected EOF",
	"7: lastName: must not contain the NUL character",
	"8: the line is not UTF-8",
	"9: The member at \"/email\" occurs twice at byte 25",
	"10: password: " + known,
	"11: The document is nested more than 32 levels deep",
	"12: the line is longer than 1048576 bytes",
	"14: roles: must be a list of keys or ids of roles",
}

func TestEveryFaultHasItsLineAndKeepsNoOtherFromBeingImported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format importing.Format
		text   string
		faults []string
		want   importing.Summary
	}{
		{importing.CSV, table, tableFaults, importing.Summary{Line: 18, Read: 13, Created: 2, There: 1, Faults: 10}},
		{importing.NDJSON, objects, objectFaults, importing.Summary{Line: 14, Read: 13, Created: 2, Faults: 11}},
	} {
		t.Run(string(c.format), func(t *testing.T) {
			t.Parallel()
			modelstest.Each(t, func(t *testing.T, db *store.DB) {
				org := into(modelstest.Organization(t, db).ID)
				before := modelstest.Dump(t, db)
				want := read{Summary: c.want, faults: c.faults}
				if diff := compare(want, run(t.Context(), db, strings.NewReader(c.text), c.format, org, dry)); diff != "" {
					t.Errorf("a dry run: %s", diff)
				}
				if modelstest.Dump(t, db) != before {
					t.Error("a dry run changes something")
				}
				if diff := compare(want, run(t.Context(), db, strings.NewReader(c.text), c.format, org)); diff != "" {
					t.Error(diff)
				}
				modelstest.CheckConsistency(t, db)
				before = modelstest.Dump(t, db)
				want.Created, want.There = 0, want.Created+want.There
				if diff := compare(want, run(t.Context(), db, strings.NewReader(c.text), c.format, org)); diff != "" {
					t.Errorf("a second time: %s", diff)
				}
				if modelstest.Dump(t, db) != before {
					t.Error("a second time changes something")
				}
			})
		})
	}
}

func TestAQuoteThatIsLeftOpenCostsOneLine(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := into(modelstest.Organization(t, db).ID)
		var file strings.Builder
		file.WriteString("email,firstName\nopen@example.com,\"P\n")
		for i := range 300 {
			fmt.Fprintf(&file, "p%d@example.com,%s\n", i, strings.Repeat("x", 100))
		}
		file.WriteString("long@example.com," + strings.Repeat("x", 1<<20) + "\nlast@example.com,Last\n")
		want := read{Summary: importing.Summary{Line: 304, Read: 303, Created: 301, Faults: 2}, faults: []string{
			"2: the line is no CSV: extraneous or missing \" in quoted-field", "303: the line is longer than 1048576 bytes",
		}}
		if diff := compare(want, run(t.Context(), db, strings.NewReader(file.String()), importing.CSV, org)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestATableHasTheNamesOfItsColumnsInFront(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		before := modelstest.Dump(t, db)
		const row = "\na@example.com,b\n"
		for header, want := range map[string]string{
			"":                        "the file is empty, without a line of names in front",
			"\n\n":                    "the file is empty, without a line of names in front",
			"\nemail,Name" + row:      `line 2: there is no column "Name"; there are ` + strings.Join(importing.Columns(), ", "),
			"email;firstName" + row:   `line 1: there is no column "email;firstName"; there are ` + strings.Join(importing.Columns(), ", "),
			"email,password" + row:    `line 1: there is no column "password"; there are ` + strings.Join(importing.Columns(), ", "),
			"email,phone,email" + row: "line 1: the column email occurs twice",
			"phone" + row:             "line 1: the column email is missing",
			"email,\"phone":           "line 1: the line is no CSV: extraneous or missing \" in quoted-field",
			"email\xff" + row:         "line 1: the line is not UTF-8",
		} {
			if got := run(t.Context(), db, strings.NewReader(header), importing.CSV); got.err == nil || got.err.Error() != want {
				t.Errorf("%q: %v", header, got.err)
			}
		}
		if modelstest.Dump(t, db) != before {
			t.Error("something is written")
		}
	})
}

func TestADryRunCountsWhatARunDoes(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		here, there := modelstest.Organization(t, db).ID, modelstest.Organization(t, db).ID
		var file strings.Builder
		for _, organization := range []string{here, there, here} { // farther from each other than a transaction reaches
			for i := range 150 {
				fmt.Fprintf(&file, "{\"email\":\"p%d@example.com\",\"organization\":%q}\n", i, organization)
			}
		}
		want := read{Summary: importing.Summary{Line: 450, Read: 450, Created: 150, Joined: 150, There: 150}}
		for _, options := range [][]func(*importing.Settings){{dry}, nil} {
			if diff := compare(want, run(t.Context(), db, strings.NewReader(file.String()), importing.NDJSON, options...)); diff != "" {
				t.Errorf("with %d options: %s", len(options), diff)
			}
		}
	})
}

func TestAnInterruptedImportGoesOn(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := into(modelstest.Organization(t, db).ID)
		ctx, stop := context.WithCancel(t.Context())
		got := run(ctx, db, some(1000), importing.CSV, org, func(s *importing.Settings) { s.Progress = func(importing.Summary) { stop() } })
		if !errors.Is(got.err, context.Canceled) || got.Created == 0 || got.Created == 1000 || got.Line != got.Created+1 {
			t.Fatalf("%+v", got)
		}
		done := got.Created
		modelstest.CheckConsistency(t, db)
		want := read{Summary: importing.Summary{Line: 1001, Read: 1000, Created: 1000 - done, There: done}}
		if diff := compare(want, run(t.Context(), db, some(1000), importing.CSV, org)); diff != "" {
			t.Error(diff)
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestAnImportEndsWhileItsFileSaysNothing(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, store.SQLite)
	in, out := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan read, 1)
	go func() { ended <- run(ctx, db, in, importing.NDJSON) }()
	stop()
	if got := <-ended; !errors.Is(got.err, context.Canceled) {
		t.Error(got)
	}
	_ = out.Close()
}

func TestAnOutageEndsAnImportThatGoesOnLater(t *testing.T) {
	t.Parallel()
	cfg := modelstest.Config(t, store.Postgres)
	proxy := modelstest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	db := modelstest.OpenConfig(t, cfg)
	org := into(modelstest.Organization(t, db).ID)
	got := run(t.Context(), db, some(500), importing.CSV, org, func(s *importing.Settings) {
		s.Progress = func(sum importing.Summary) {
			if sum.Line > 200 {
				proxy.Cut()
			}
		}
	})
	if got.err == nil || got.Line != 201 && got.Line != 301 || got.Created != got.Line-1 || len(got.faults) > 0 {
		t.Errorf("%+v", got)
	}
	done := got.Created
	proxy.Restore()
	if got = run(t.Context(), db, some(500), importing.CSV, org); got.err != nil || got.There != done || got.Created != 500-done {
		t.Errorf("%+v", got)
	}
	modelstest.CheckConsistency(t, db)
}

// TestTwoImportsAtOnce of the same people bring each of them in once, and refuse nobody.
func TestTwoImportsAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := into(modelstest.Organization(t, db).ID)
		var got [2]read
		var both sync.WaitGroup
		for i := range got {
			both.Go(func() { got[i] = run(t.Context(), db, some(400), importing.CSV, org) })
		}
		both.Wait()
		for _, r := range got {
			if r.err != nil || r.faults != nil || r.Created+r.There != 400 {
				t.Errorf("%+v", r)
			}
		}
		if got[0].Created+got[1].Created != 400 {
			t.Errorf("%d and %d people were created", got[0].Created, got[1].Created)
		}
		modelstest.CheckConsistency(t, db)
	})
}
