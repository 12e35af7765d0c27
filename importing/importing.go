package importing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"roster/models"
	"roster/models/store"
)

// Settings say what a file is and where its people go.
type Settings struct {
	Format Format
	// Organization is the id of that of people who name none, "" if each has to.
	Organization string
	// Roles are those, by keys or ids, of people who name none; without any they are members.
	Roles []string
	// DryRun: everything is tried and nothing is kept.
	DryRun bool
	// Fault is told of each line that is refused, and in one sentence why; Progress, after each transaction, of what is done by then.
	Fault    func(line int, why string)
	Progress func(Summary)
}

// Summary is what became of a file.
type Summary struct {
	Line int // the last one that is done with
	// Read are the people in it: Created with a membership, those who were there and Joined, those whose membership was There, and Faults.
	Read, Created, Joined, There, Faults int
}

// row is one person of a file.
type row struct {
	line     int
	newcomer *models.Newcomer
	err      error // why there is none
}

// batchSize is how many people one transaction writes at most. On SQLite, where it is the only writer meanwhile, that takes about a tenth
// of a second.
const batchSize = 100

// importer is one reading of a file.
type importer struct {
	Settings
	db  *store.DB
	by  models.Caller
	sum Summary

	faults []fault // of the batch under way
	// tried are the addresses, alone and with each organization, that a dry run has been through: the database has nothing of them.
	tried map[string]bool
}

type fault struct {
	line int
	why  string
}

// Run brings in the people of a file, as a caller may. A line that is refused keeps no other from being written. When ctx ends, Run ends
// after the transaction under way, with the error of ctx. It can fail with errors of reading and of the database; whatever the error, the
// summary says what is done and kept.
func Run(ctx context.Context, db *store.DB, by models.Caller, in io.Reader, s Settings) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	im := &importer{Settings: s, db: db, by: by, tried: map[string]bool{}}
	rows, failure := im.read(ctx, in)
	for more := true; more; {
		var batch []row
		batch, more = collect(ctx, rows)
		begun := time.Now()
		if err := im.settle(context.WithoutCancel(ctx), batch); err != nil {
			return im.sum, err
		}
		if more && db.Dialect() == store.SQLite {
			rest(ctx, time.Since(begun))
		}
	}
	if err := ctx.Err(); err != nil {
		return im.sum, err
	}
	return im.sum, *failure
}

// read reads the file beside the writing, and however long that waits for its next line. Once rows is closed, failure is what ended it.
func (im *importer) read(ctx context.Context, in io.Reader) (rows <-chan row, failure *error) {
	out := make(chan row, batchSize)
	failure = new(error)
	go func() {
		defer close(out)
		next, err := im.Format.open(in)
		for err == nil {
			var r record
			if r, err = next(); err != nil {
				break
			}
			person := row{line: r.line, err: r.err}
			if r.err == nil {
				person.newcomer, person.err = im.newcomer(r.said)
			}
			select {
			case out <- person:
			case <-ctx.Done():
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			*failure = err
		}
	}()
	return out, failure
}

// collect returns the people of the next transaction, and whether there may be others. None is begun with when ctx has ended.
func collect(ctx context.Context, rows <-chan row) (batch []row, more bool) {
	for len(batch) < batchSize {
		select {
		case r, ok := <-rows:
			if !ok {
				return batch, false
			}
			batch = append(batch, r)
		case <-ctx.Done():
			return nil, false
		}
	}
	return batch, true
}

// rest leaves the database to others for as long as it was kept from them. Nobody who waits for SQLite is told when it is free: they look
// again and again, a server every tenth of a second, and would else hardly find it so.
func rest(ctx context.Context, kept time.Duration) {
	timer := time.NewTimer(kept)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// settle writes a batch as far as that can be, and tells what became of it.
func (im *importer) settle(ctx context.Context, batch []row) error {
	var people []row
	for _, r := range batch {
		if r.err != nil {
			im.refuse(r, r.err)
			continue
		}
		people = append(people, r)
	}
	err := im.write(ctx, people)
	slices.SortFunc(im.faults, func(a, b fault) int { return a.line - b.line })
	for _, f := range im.faults {
		im.Fault(f.line, f.why)
	}
	im.faults = nil
	if err != nil || len(batch) == 0 {
		return err
	}
	im.sum.Line = batch[len(batch)-1].line
	im.Progress(im.sum)
	return nil
}

// write writes people. When one is refused, those before are written in a transaction of their own, then that one, and then those behind.
// Alone it may be taken: somebody else may have made the user meanwhile.
func (im *importer) write(ctx context.Context, people []row) error {
	for len(people) > 0 {
		err := im.admit(ctx, people)
		var refused *models.RefusedNewcomer
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &refused):
			return err
		case len(people) == 1:
			im.refuse(people[0], refused.Err)
			return nil
		}
		at := refused.Place
		for _, some := range [][]row{people[:at], people[at : at+1]} {
			if err := im.write(ctx, some); err != nil {
				return err
			}
		}
		people = people[at+1:]
	}
	return nil
}

// errDry undoes a transaction that was only tried.
var errDry = errors.New("dry run")

// admit writes people in one transaction, and counts what became of them.
func (im *importer) admit(ctx context.Context, people []row) error {
	newcomers := store.Column(people, func(r row) *models.Newcomer { return r.newcomer })
	var arrivals []models.Arrival
	err := store.Transaction(store.Alone(ctx), im.db, func(tx *store.DB) (err error) {
		if arrivals, err = models.Admit(ctx, tx, im.by, newcomers); err == nil && im.DryRun {
			return errDry
		}
		return err
	})
	if err != nil && !errors.Is(err, errDry) {
		return err
	}
	im.sum.Read += len(people)
	for i, arrival := range arrivals {
		switch im.recall(newcomers[i], arrival) {
		case models.Created:
			im.sum.Created++
		case models.Joined:
			im.sum.Joined++
		case models.WasThere:
			im.sum.There++
		}
	}
	return nil
}

// recall returns what became of a newcomer; in a dry run, what would have become of them had the transactions before this one been kept.
func (im *importer) recall(n *models.Newcomer, arrival models.Arrival) models.Arrival {
	if !im.DryRun {
		return arrival
	}
	person := n.Address()
	membership := person + " " + n.Organization
	switch {
	case im.tried[membership]:
		arrival = models.WasThere
	case im.tried[person] && arrival == models.Created:
		arrival = models.Joined
	}
	im.tried[person], im.tried[membership] = true, true
	return arrival
}

// refuse notes that a line is refused.
func (im *importer) refuse(r row, err error) {
	im.sum.Read++
	im.sum.Faults++
	im.faults = append(im.faults, fault{r.line, reason(err)})
}

// reason returns all that is wrong with a person, each with the column that it is about.
func reason(err error) string {
	refusals := store.ErrorsOf(err)
	if refusals == nil {
		return err.Error()
	}
	parts := make([]string, len(refusals))
	for i, e := range refusals {
		parts[i] = strings.TrimSuffix(e.Message, ".")
		if e.Field != "" {
			parts[i] = fmt.Sprintf("%.60s: %s", e.Field, strings.TrimPrefix(parts[i], e.Field+" "))
		}
	}
	return strings.Join(parts, "; ")
}
