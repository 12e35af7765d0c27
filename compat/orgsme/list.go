package orgsme

import (
	"context"
	"io"
	"net/http"
	"time"

	"roster/compat/plain"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server"
)

// organization is one of the list. Its members stand in this order; a logo is left out where there is none.
type organization struct {
	ID              int64   `json:"id"`
	Name            string  `json:"name"`
	Logo            *logo   `json:"logo,omitempty"`
	CreatedAt       string  `json:"createdAt"`
	DeletedAt       *string `json:"deletedAt"`
	ParentID        *int64  `json:"parentId"`
	UpdatedAt       string  `json:"updatedAt"`
	IsEventProducer bool    `json:"isEventProducer"`
}

type logo struct {
	ID        int64  `json:"id"`
	FileType  string `json:"fileType"`
	FileName  string `json:"fileName"`
	SignedURL string `json:"signedUrl"`
}

// millisecond is the form of times.
const millisecond = "2006-01-02T15:04:05.000Z"

const (
	// part is how many organizations are read at once, partTime how long that may take.
	part     = 200
	partTime = 30 * time.Second
)

// byNumber is the order of the list.
var byNumber = &jsonapi.Query{Sort: []jsonapi.SortKey{{Attribute: models.Organizations.Schema.Attribute("number")}}}

// list answers with all organizations that the caller sees. They are read and sent part by part, each only when the client has taken the
// one before: a list has the memory of one part, and nothing of the database while a client does not read.
func (d *door) list(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	if rq.Caller().User() == "" {
		return nil, &server.Error{Reason: server.Forbidden,
			Message: "This is about the organisations of an account, and this credential is of " +
				"none: send a key of a user."}
	}
	return func(w http.ResponseWriter) error {
		end, ok := d.lists.Begin(rq.Principal.Identity().String())
		if !ok {
			w.Header().Set("Retry-After", "10")
			return &server.Error{Reason: server.RateLimited, Message: "Too many of these lists are being sent at once. Try again later."}
		}
		defer end()
		begin := func() {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusOK)
		}
		if rq.HeadOnly() {
			begin()
			return nil
		}
		stream, done := rq.Stream(w, stall, begin)
		defer done()
		return send(stream.Context(), rq, stream)
	}, nil
}

// send writes the whole list.
func send(ctx context.Context, rq *server.Request, out io.Writer) error {
	walk, err := collection.NewWalk(ctx, rq.DB, models.Organizations, byNumber)
	if err != nil {
		return err
	}
	pending, first := []byte("["), true
	for {
		ready, n, err := next(ctx, rq, walk, first)
		if err != nil {
			return err
		}
		if n == 0 {
			_, err := out.Write(append(pending, ']'))
			return err
		}
		if _, err := out.Write(append(pending, ready...)); err != nil {
			return err
		}
		pending, first = nil, false
	}
}

// next reads and encodes the next part, and returns how many organizations it has: none at the end. Who asks, and still may, is looked up
// for each: a list can take longer than a key lives.
func next(ctx context.Context, rq *server.Request, walk *collection.Walk, first bool) (ready []byte, n int, err error) {
	ctx, done := context.WithTimeout(ctx, partTime)
	defer done()
	if !first {
		if err := rq.AdmitAgain(ctx); err != nil {
			return nil, 0, err
		}
	}
	items, err := walk.Next(ctx, rq.Scope(), part)
	if err != nil || len(items) == 0 {
		return nil, 0, err
	}
	told, err := describe(ctx, rq.DB, items)
	if err != nil {
		return nil, 0, err
	}
	for _, one := range told {
		encoded, err := plain.Encode(one)
		if err != nil {
			return nil, 0, err
		}
		if !first {
			ready = append(ready, ',')
		}
		ready, first = append(ready, encoded...), false
	}
	return ready, len(items), nil
}

// describe returns organizations as they are printed. The number of one above is told whether or not the caller sees that: it tells
// nothing.
func describe(ctx context.Context, db *store.DB, items []any) ([]organization, error) {
	var parents, logos []string
	for _, item := range items {
		o := item.(*models.Organization)
		if o.ParentID != nil {
			parents = append(parents, *o.ParentID)
		}
		if o.LogoID != nil {
			logos = append(logos, *o.LogoID)
		}
	}
	numbers, err := models.NumbersOf(ctx, db, store.SortedUnique(parents))
	if err != nil {
		return nil, err
	}
	files, err := models.SignedFiles(ctx, db, store.SortedUnique(logos))
	if err != nil {
		return nil, err
	}
	told := make([]organization, len(items))
	for i, item := range items {
		told[i] = shown(item.(*models.Organization), numbers, files)
	}
	return told, nil
}

// shown returns an organization as it is printed.
func shown(o *models.Organization, numbers map[string]int64, files map[string]*models.File) organization {
	told := organization{ID: o.Number, Name: o.Name, IsEventProducer: o.IsEventProducer,
		CreatedAt: o.CreatedAt.UTC().Format(millisecond), UpdatedAt: o.UpdatedAt.UTC().Format(millisecond)}
	if o.ParentID != nil {
		number := numbers[*o.ParentID]
		told.ParentID = &number
	}
	if o.LogoID != nil && files[*o.LogoID] != nil {
		f := files[*o.LogoID]
		told.Logo = &logo{ID: f.Number, FileType: f.FileType, FileName: f.FileName, SignedURL: *f.SignedURL}
	}
	return told
}
