package suite

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
)

// Options changes how a run is done. The zero value runs every row without a credential.
type Options struct {
	// Header is sent with every request; it carries the credential.
	Header http.Header
	// Limited is sent instead where a row needs a caller with fewer rights. It is optional.
	Limited http.Header
	// Only selects rows by id; patterns as in path.Match. Empty means all.
	Only []string
}

// run is the state of one Run.
type run struct {
	client  *client
	desc    *Description
	limited http.Header
	created []identity
	seen    map[string]int
	found   map[string][]Failure
}

type identity struct{ typ, id string }

// Run tests the server at the target against its description and returns the report.
// An error means that the run could not be done, not that a row failed.
func Run(ctx context.Context, target string, d *Description, o Options) (*Report, error) {
	c, err := newClient(target, o.Header)
	if err != nil {
		return nil, err
	}
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("validate description: %w", err)
	}
	rows, err := selectRows(o.Only)
	if err != nil {
		return nil, err
	}
	r := &run{client: c, desc: d, limited: o.Limited}
	c.onAnswer = r.remember
	if err := r.probe(ctx); err != nil {
		return nil, err
	}
	defer r.cleanUp(context.WithoutCancel(ctx))

	r.survey(ctx)
	results := make(map[string][]Result, len(rows))
	for _, row := range rows {
		if !row.overAll {
			results[row.ID] = r.test(ctx, row)
		}
	}
	r.checkAll()
	for _, row := range rows {
		if row.overAll {
			results[row.ID] = r.test(ctx, row)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	report := &Report{Server: d.Name, Requests: len(c.record)}
	for _, row := range rows {
		report.Results = append(report.Results, results[row.ID]...)
	}
	return report, nil
}

// probe asks for the first collection there is: without it every row would fail for the same reason.
func (r *run) probe(ctx context.Context) error {
	first := slices.IndexFunc(r.desc.Resources, func(res *Resource) bool { return res.can("list") })
	if first < 0 {
		return nil
	}
	path := r.desc.Resources[first].Path
	ex, err := r.client.do(ctx, request{row: "survey", method: http.MethodGet, ref: path, header: http.Header{"Accept": {mediaType}}})
	switch {
	case err != nil:
		return fmt.Errorf("reach the server: %w", err)
	case ex.Status == http.StatusUnauthorized:
		return fmt.Errorf("the server answers GET %s with 401: give a credential that works", path)
	case ex.Status != http.StatusOK:
		return fmt.Errorf("the server answers GET %s with %d: check the target and the paths of the description", path, ex.Status)
	}
	return nil
}

func selectRows(only []string) ([]Row, error) {
	all := Rows()
	if len(only) == 0 {
		return all, nil
	}
	var rows []Row
	for _, row := range all {
		for _, pattern := range only {
			match, err := path.Match(pattern, row.ID)
			if err != nil {
				return nil, fmt.Errorf("select rows %q: %w", pattern, err)
			}
			if match {
				rows = append(rows, row)
				break
			}
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no row matches %s", strings.Join(only, ","))
	}
	return rows, nil
}

// test runs one row: its own result, and a second one for the expectations beside it, if it had any.
func (r *run) test(ctx context.Context, row Row) []Result {
	result := Result{Row: row, ID: row.ID, Level: row.Level, Requirement: row.Requirement}
	if row.Untestable != "" {
		result.Outcome, result.Reason = Untestable, row.Untestable
		return []Result{result}
	}
	if reason, out := r.desc.OptOut[row.ID]; out {
		result.Outcome, result.Reason = NotApplicable, "opted out: "+reason
		return []Result{result}
	}
	t := &T{ctx: ctx, run: r, desc: r.desc, row: row.ID}
	for ; t.turn == 0 || t.turn < t.turns; t.turn++ {
		t.protect(row.Test)
	}
	result.judge(t.rule, t.skipped, r.exceptions(row.ID))
	results := []Result{result}
	if t.expect.checks > 0 {
		pick := Result{Row: row, ID: row.ID + pickSuffix, Level: Pick, Requirement: "expectation beside it: " + row.Requirement}
		if reason, out := r.desc.OptOut[pick.ID]; out {
			pick.Outcome, pick.Reason = NotApplicable, "opted out: "+reason
		} else {
			pick.judge(t.expect, "", nil)
		}
		results = append(results, pick)
	}
	return results
}

// exceptions returns those that the description declares for a row.
func (r *run) exceptions(row string) []*Exception {
	var list []*Exception
	for _, e := range r.desc.Exceptions {
		if e.Row == row {
			list = append(list, e)
		}
	}
	return list
}

// protect runs a test up to its end or to the point where it stopped itself. An answer of a
// shape the test was not prepared for is a failure of the row, not the end of the run.
func (t *T) protect(test func(*T)) {
	defer func() {
		p := recover()
		if _, stopped := p.(stop); p != nil && !stopped {
			t.want(false, nil, "answers the test can read; it broke off with: %v", p)
		}
	}()
	test(t)
}

// remember keeps what a successful request has created, so that cleanUp can delete it.
func (r *run) remember(ex *Exchange) {
	if ex.Method != http.MethodPost || ex.Status < 200 || ex.Status > 299 {
		return
	}
	answers := []any{ex.top("data")}
	if ex.Status == http.StatusNoContent {
		sent, _ := decodeJSON(ex.RequestBody) // with an id of the client's
		answers = []any{at(sent, "data")}
	}
	for _, result := range objects(ex.top("atomic:results")) {
		answers = append(answers, result["data"])
	}
	for _, answer := range answers {
		if id, typ := str(at(answer, "id")), str(at(answer, "type")); id != "" {
			r.created = append(r.created, identity{typ, id})
		}
	}
}

// cleanUp deletes what the run has created, youngest first. Some resources can only
// go after others have, so it repeats as long as that makes a difference.
func (r *run) cleanUp(ctx context.Context) {
	left := r.created
	slices.Reverse(left)
	for {
		var refused []identity
		for _, one := range left {
			res := r.desc.resource(one.typ)
			if res == nil || !res.can("delete") {
				continue
			}
			ex, err := r.client.do(ctx, request{
				row: "cleanup", method: http.MethodDelete, ref: item{res: res, id: one.id}.path(),
				header: http.Header{"Accept": {mediaType}},
			})
			if err != nil {
				return
			}
			if ex.Status == http.StatusConflict || ex.Status == http.StatusForbidden {
				refused = append(refused, one)
			}
		}
		if len(refused) == 0 || len(refused) == len(left) {
			return
		}
		left = refused
	}
}

// checkAll runs the document checker over everything recorded so far.
func (r *run) checkAll() {
	r.seen, r.found = map[string]int{}, map[string][]Failure{}
	for _, ex := range r.client.record {
		if ex.Foreign {
			continue
		}
		checked := checkExchange(r.desc, ex)
		for row, n := range checked.seen {
			r.seen[row] += n
		}
		for _, v := range checked.violations {
			r.found[v.row] = append(r.found[v.row], Failure{Expected: v.String(), Exchange: ex, at: v.at, typ: v.typ, within: v.within})
		}
	}
}

// walk turns what the checker found for a row, and for the expectations beside it, into their verdicts.
func (t *T) walk(row string) {
	if t.turn > 0 {
		return
	}
	exceptions := t.run.exceptions(row)
	t.rule.take(t.run.seen[row], t.run.found[row], exceptions)
	t.expect.take(t.run.seen[row+pickSuffix], t.run.found[row+pickSuffix], nil)
}

// take adds what the checker found. What it found again and again is said once, within an exception and outside of all.
func (v *verdict) take(checks int, found []Failure, exceptions []*Exception) {
	v.checks += checks
	said := map[string]bool{}
	for _, f := range found {
		exception := slices.IndexFunc(exceptions, func(e *Exception) bool { return e.covers(f) })
		if key := fmt.Sprint(exception, f.Expected); !said[key] {
			said[key] = true
			v.failures = append(v.failures, f)
		}
	}
}

// answers returns every recorded JSON:API exchange that fits.
func (t *T) answers(fits func(*Exchange) bool) []*Exchange {
	var list []*Exchange
	for _, ex := range t.run.client.record {
		if !ex.Foreign && fits(ex) {
			list = append(list, ex)
		}
	}
	return list
}
