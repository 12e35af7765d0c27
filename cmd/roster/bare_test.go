package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"roster/models"
)

// bare is what the service is measured against: the same SQL, the same bytes, and nothing else.
type bare struct {
	pool          *pgxpool.Pool
	total         int
	relationships []string // in the order of their names
}

// bareRow is an organization as the bare handler reads it.
type bareRow struct {
	id                         string
	created, updated           time.Time
	deleted, from, to          *time.Time
	name, slug, kind           string
	description, webhook       *string
	parent, creator            *string
	number                     int64
	producer, located, current bool
}

const bareColumns = `id::text, created_at, updated_at, deleted_at, name, slug, kind, description, number, is_event_producer, ` +
	`location_tracking, ` +
	`valid_from, valid_to, webhook_url, parent_id::text, created_by::text`

func (o *bareRow) scan(row pgx.Row, now time.Time) error {
	err := row.Scan(&o.id, &o.created, &o.updated, &o.deleted, &o.name, &o.slug, &o.kind, &o.description,
		&o.number, &o.producer, &o.located,
		&o.from, &o.to, &o.webhook, &o.parent, &o.creator)
	o.current = (o.from == nil || !o.from.After(now)) && (o.to == nil || o.to.After(now))
	return err
}

// barePool returns connections to a database, as many as the service has.
func barePool(b *testing.B, url string) *pgxpool.Pool {
	b.Helper()
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	cfg.MaxConns = 16
	pool, err := pgxpool.NewWithConfig(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	return pool
}

// serveBare starts the bare handler on a database and returns its URL and some ids of organizations.
func serveBare(b *testing.B, url string) (base string, ids []string) {
	b.Helper()
	pool := barePool(b, url)
	h := &bare{pool: pool}
	if err := pool.QueryRow(b.Context(), `SELECT COUNT(*) FROM organizations`).Scan(&h.total); err != nil {
		b.Fatal(err)
	}
	rows, err := pool.Query(b.Context(), `SELECT id::text FROM organizations ORDER BY random() LIMIT $1`, knownIDs)
	if err != nil {
		b.Fatal(err)
	}
	if ids, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		b.Fatal(err)
	}
	for _, rel := range models.Organizations.Schema.Relationships {
		if !rel.WriteOnly {
			h.relationships = append(h.relationships, rel.Name)
		}
	}
	slices.Sort(h.relationships)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+barePath, h.list)
	mux.HandleFunc("GET "+barePath+"/{id}", h.read)
	mux.HandleFunc("POST "+barePath, h.create)
	server := httptest.NewServer(mux)
	b.Cleanup(server.Close)
	return server.URL, ids
}

const (
	barePath  = "/public/v2/management/organizations"
	described = `,"describedby":"/public/v2/openapi.json"`
)

func (h *bare) list(w http.ResponseWriter, r *http.Request) {
	rows, err := h.pool.Query(r.Context(), `SELECT `+bareColumns+` FROM organizations WHERE deleted_at IS NULL ORDER BY created_at, id `+
		`LIMIT 25`)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer rows.Close()
	out := append(make([]byte, 0, 64<<10), `{"data":[`...)
	now := time.Now()
	for n := 0; rows.Next(); n++ {
		var o bareRow
		if err := o.scan(rows, now); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if n > 0 {
			out = append(out, ',')
		}
		out = h.resource(out, &o)
	}
	if rows.Err() != nil {
		http.Error(w, rows.Err().Error(), http.StatusInternalServerError)
		return
	}
	last := strconv.Itoa((h.total + 24) / 25)
	page := func(number string) string { return barePath + `?page%5Bnumber%5D=` + number + `&page%5Bsize%5D=25"` }
	total := strconv.Itoa(h.total)
	out = append(out, `],"links":{"self":"`+barePath+`","first":"`+page("1")+`,"prev":null,"next":"`+page("2")+`,"last":"`+page(last)+
		described+`},"meta":{"currentPage":1,"currentSize":25,"maxPage":`+last+`,"total":`+total+
		`,"totalUnfiltered":`+total+`},"jsonapi":{"version":"1.1"}}`...)
	send(w, http.StatusOK, out)
}

func (h *bare) read(w http.ResponseWriter, r *http.Request) {
	row := h.pool.QueryRow(r.Context(), `SELECT `+bareColumns+` FROM organizations WHERE id = $1 AND deleted_at IS NULL`, r.PathValue("id"))
	h.one(w, row, http.StatusOK)
}

func (h *bare) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Data struct{ Attributes struct{ Name string } }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	name := in.Data.Attributes.Name
	row := h.pool.QueryRow(r.Context(), `INSERT INTO organizations
		(id, name, slug, kind, is_event_producer, location_tracking, version, created_at, updated_at)
		VALUES ($1, $2, $3, 'company', true, false, 1, now(), now())
		RETURNING `+bareColumns, models.NewID(), name, "bare-"+strings.ReplaceAll(strings.ToLower(name), " ", "-"))
	h.one(w, row, http.StatusCreated)
}

func (h *bare) one(w http.ResponseWriter, row pgx.Row, status int) {
	var o bareRow
	if err := o.scan(row, time.Now()); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	out := h.resource(append(make([]byte, 0, 4<<10), `{"data":`...), &o)
	out = append(out, `,"links":{"self":"`+barePath+`/`+o.id+`"`+described+`},"meta":{},"jsonapi":{"version":"1.1"}}`...)
	send(w, status, out)
}

func send(w http.ResponseWriter, status int, out []byte) {
	w.Header().Set("Content-Type", "application/vnd.api+json")
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

// resource appends an organization as the API prints it.
func (h *bare) resource(out []byte, o *bareRow) []byte {
	text := func(name string, value *string) {
		out = append(append(out, name...), ':')
		if value == nil {
			out = append(out, "null,"...)
			return
		}
		out = append(strconv.AppendQuote(out, *value), ',')
	}
	moment := func(name string, at *time.Time) {
		out = append(append(out, name...), ':')
		if at == nil {
			out = append(out, "null,"...)
			return
		}
		out = append(at.UTC().AppendFormat(append(out, '"'), "2006-01-02T15:04:05-07:00"), `",`...)
	}
	toggle := func(name string, on bool) {
		out = append(strconv.AppendBool(append(append(out, name...), ':'), on), ',')
	}
	out = append(append(append(out, `{"type":"organizations","id":"`...), o.id...), `","attributes":{`...)
	toggle(`"active"`, o.current)
	moment(`"createdAt"`, &o.created)
	moment(`"deletedAt"`, o.deleted)
	text(`"description"`, o.description)
	toggle(`"isEventProducer"`, o.producer)
	text(`"kind"`, &o.kind)
	toggle(`"locationTracking"`, o.located)
	text(`"name"`, &o.name)
	out = append(strconv.AppendInt(append(out, `"number":`...), o.number, 10), ',')
	text(`"slug"`, &o.slug)
	text(`"token"`, nil)
	moment(`"updatedAt"`, &o.updated)
	moment(`"validFrom"`, o.from)
	moment(`"validTo"`, o.to)
	text(`"webhookSecret"`, nil)
	text(`"webhookUrl"`, o.webhook)
	out = append(out[:len(out)-1], `},"relationships":{`...)
	for n, name := range h.relationships {
		if n > 0 {
			out = append(out, ',')
		}
		out = h.relationship(out, o, name)
	}
	return append(out, `},"links":{"self":"`+barePath+`/`+o.id+`"}}`...)
}

func (h *bare) relationship(out []byte, o *bareRow, name string) []byte {
	self := barePath + "/" + o.id
	related := self + "/" + name
	if name == "users" {
		related = "/public/v2/users?filter[organizationId]=" + o.id
	}
	out = append(out, `"`+name+`":{"links":{"self":"`+self+`/relationships/`+name+`","related":"`+related+`"}`...)
	linkage := func(typ string, id *string) {
		if id == nil {
			out = append(out, `,"data":null`...)
			return
		}
		out = append(out, `,"data":{"type":"`+typ+`","id":"`+*id+`"}`...)
	}
	switch name {
	case "parent":
		linkage("organizations", o.parent)
	case "createdBy":
		linkage("users", o.creator)
	}
	return append(out, '}')
}
