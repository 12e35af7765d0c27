package handlers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server"
)

// A list is exported by asking for it in a form that has no pages: NDJSON or CSV. It is read and sent part by part, each part only when the
// client has taken the one before, so an export has the memory of one part, and nothing of the database while a client does not read.

const (
	// exportPart is how many resources are read at once, exportPartTime how long that may take.
	exportPart     = jsonapi.MaxPageSize
	exportPartTime = 30 * time.Second
	// exportStall is how long a client may take nothing.
	exportStall = 2 * time.Minute
	// maxExports bounds those that run in this process, maxExportsOfOne those of one caller.
	maxExports      = 200
	maxExportsOfOne = 4
	// exportRetry is after how many seconds a caller with too many may try again.
	exportRetry = "10"
)

// Export is a list that is written as a whole.
type Export struct {
	collection *collection.Collection
	base       string
	query      *jsonapi.Query
	form       exportForm
}

// NewExport returns the export of a list to a media type, [jsonapi.NDJSON] or [jsonapi.CSV]. base is the path that its resources are read
// at.
func NewExport(c *collection.Collection, base string, q *jsonapi.Query, mediaType string) *Export {
	return &Export{c, base, q, exportForms[mediaType]}
}

// Run writes the export, as somebody sees it who sees a scope, and returns how many resources it has. Who it is, and still may read it, is
// asked for each part, in the context that the part has; whether nothing was left out, at the end.
func (e *Export) Run(ctx context.Context, db *store.DB, out io.Writer, scope func(context.Context) (collection.Scope, error),
	whole func(context.Context) error,
) (count int64, err error) {
	walk, err := collection.NewWalk(ctx, db, e.collection, e.query)
	if err != nil {
		return 0, err
	}
	encoder := e.form.encoder(e.collection, e.query)
	pending := encoder.Begin()
	for {
		part, n, err := e.part(ctx, db, walk, encoder, scope, whole)
		if err != nil {
			return count, err
		}
		if n == 0 {
			_, err := out.Write(append(pending, encoder.End(count)...))
			return count, err
		}
		if _, err := out.Write(append(pending, part...)); err != nil {
			return count, err
		}
		pending, count = nil, count+int64(n)
	}
}

// part reads and encodes the next part. It is empty at the end.
func (e *Export) part(ctx context.Context, db *store.DB, walk *collection.Walk, encoder exportEncoder,
	scope func(context.Context) (collection.Scope, error), whole func(context.Context) error,
) (encoded []byte, n int, err error) {
	ctx, done := context.WithTimeout(ctx, exportPartTime)
	defer done()
	seen, err := scope(ctx)
	if err != nil {
		return nil, 0, err
	}
	items, err := walk.Next(ctx, seen, exportPart)
	if err == nil && len(items) == 0 {
		if _, err = scope(ctx); err == nil { // nothing is the end only for who lost nothing while it was looked up
			err = whole(ctx)
		}
	}
	if err != nil || len(items) == 0 {
		return nil, 0, err
	}
	resources, err := collection.Render(ctx, db, e.collection, seen, items, e.base, e.query)
	if err != nil {
		return nil, 0, err
	}
	encoded, err = encoder.Encode(resources)
	return encoded, len(items), err
}

// export answers with the whole of a list.
func (a *API) export(w http.ResponseWriter, rq *request, c *collection.Collection, base string) error {
	end, ok := a.exports.Begin(rq.Principal.Identity().String())
	if !ok {
		w.Header().Set("Retry-After", exportRetry)
		return &server.Error{Reason: server.RateLimited, Message: fmt.Sprintf("%d exports of one caller run at once, %d of all.",
			maxExportsOfOne, maxExports)}
	}
	defer end()
	e := NewExport(c, base, rq.query, rq.exported)
	if rq.HeadOnly() {
		e.head(w, rq)
		return nil
	}
	began, err := models.SightOf(rq.Context(), rq.DB, c, rq.Scope(), rq.query.Filters...)
	if err != nil {
		return err
	}
	stream, done := rq.Stream(w, a.exportStall, func() { e.head(w, rq) })
	defer done()
	count, err := e.Run(stream.Context(), rq.DB, stream, func(ctx context.Context) (collection.Scope, error) {
		if err := rq.AdmitAgain(ctx); err != nil { // an export can take longer than a key lives
			return collection.Scope{}, err
		}
		may, err := began.HasRights(ctx, rq.DB, rq.Scope())
		if err == nil && !may {
			err = &server.Error{Reason: server.Forbidden, Message: "You may read less than when the export began. Ask again for what you " +
				"may read now."}
		}
		return rq.Scope(), err
	}, func(ctx context.Context) error {
		whole, err := began.IsWhole(ctx, rq.DB, rq.Scope())
		if err == nil && !whole {
			err = errDisturbed
		}
		return err
	})
	switch {
	case err == nil:
		e.form.complete(w.Header(), count)
	case store.IsKind(err, store.Conflict): // it was removed for its age
		err = errDisturbed
	}
	return err
}

// errDisturbed is the error of an export that would leave something out, and say that it is complete. Who is told of it, since nothing was
// sent yet, has lost nothing: another one that begins now has all that is there.
var errDisturbed error = &server.Error{Reason: server.Unavailable, Message: "Something was moved or deleted, or removed for its age, " +
	"while the export was read, and would be missing in it. Try again."}

// head writes the header of the answer.
func (e *Export) head(w http.ResponseWriter, rq *request) {
	h := w.Header()
	h.Set("Content-Type", e.form.contentType)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.%s"`, e.collection.Schema.Type,
		rq.DB.Now().UTC().Format(time.DateOnly), e.form.extension))
	h.Set("Cache-Control", "no-store")
	if e.form.trailer != "" {
		h.Set("Trailer", e.form.trailer)
	}
	w.WriteHeader(http.StatusOK)
}
