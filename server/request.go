package server

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"

	"roster/auth"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// Route is one line of a door's table: what is answered, to whom, and by what.
type Route struct {
	Method string
	// Path is the template of the path, from the root: /public/v2/users/{id}. It is served with and without a slash at its end, because
	// clients repeat a redirected POST as GET. GET serves HEAD, too.
	Path string
	// Needs is the permission of the route. The zero Permission is nobody's.
	Needs auth.Permission
	// NeedsOf returns it where it depends on the request; nil where it does not.
	NeedsOf func(*http.Request) auth.Permission
	// Asks: a POST that only asks. It can be sent again as it is, so an Idempotency-Key means nothing to it, and no answer is kept.
	Asks bool
	// AsksFirst: it asks the database something before its transaction, and changes nothing outside of that. Until then a request can be
	// served again as if it had not been before.
	AsksFirst bool
	// Target is the type of the resource that {id} in the path is an id of, "" for none.
	Target string
	// Take looks at a request from an admitted caller: at its header and query before its body is read, then at its body, which it reads
	// with [Request.Read]. It does what takes long and needs no database. It returns what serves the request.
	Take func(w http.ResponseWriter, rq *Request) (Serve, error)
}

// Serve answers a request. It may run in a transaction, and more than once if that could not be committed, so it keeps nothing between two
// runs, and works with the DB of the request.
type Serve func(w http.ResponseWriter) error

// tried returns what a request that needs a permission asks for.
func (rt *Route) tried(r *http.Request, needs auth.Permission) models.Denial {
	d := models.Denial{Attempt: models.Attempt{Permission: needs.Words(), Method: r.Method, Route: rt.Path}}
	if rt.Target != "" {
		d.Type, d.ID = rt.Target, Var(r, "id")
	}
	return d
}

func (rt *Route) needs(r *http.Request) auth.Permission {
	if rt.NeedsOf != nil {
		return rt.NeedsOf(r)
	}
	return rt.Needs
}

// Request is a request that was admitted.
type Request struct {
	*http.Request
	// Principal is who asks; nil for nobody, on a public route.
	Principal *auth.Principal
	// DB is the database, or the transaction that the request is served in.
	DB *store.DB
	// Content is the body, once it was read.
	Content []byte
	// Tried is what the caller asks for, for the record if it is denied: the permission of the route, and what the path names. A door that
	// knows more from the body says so.
	Tried models.Denial

	// Asks: it only asks, as [Route.Asks] says of all requests of a route. A door says so before it serves it.
	Asks bool

	read   bool
	unread error // why the body could not be read
	needs  auth.Permission
	door   *Door
	doubt  *doubt // about the caller, nil for none
}

// takeOver takes what was read of a request when it was served before, which cannot be read again.
func (rq *Request) takeOver(before *Request) {
	rq.Request = rq.WithContext(rq.Context())
	rq.Body, rq.Content, rq.read, rq.unread = before.Body, before.Content, before.read, before.unread
}

// Var returns the part of the path that a variable of the route's template stands for.
func (rq *Request) Var(name string) string { return Var(rq.Request, name) }

// Var returns the part of the path of a request that a variable of its route's template stands for, "" for no variable of it.
func Var(r *http.Request, name string) string { return ExchangeOf(r.Context()).vars[name] }

// Scope returns what the caller may see, which for nobody is nothing.
func (rq *Request) Scope() collection.Scope {
	if rq.Principal == nil {
		return collection.Scope{}
	}
	return rq.Principal.Scope()
}

// Caller returns the author of changes.
func (rq *Request) Caller() models.Caller {
	x := ExchangeOf(rq.Context())
	by := models.Caller{RequestID: x.RequestID}
	if rq.Principal != nil {
		by = rq.Principal.Caller(x.RequestID)
	}
	by.Address = x.RemoteIP
	return by
}

// Visit returns what is known of the browser that the request comes from.
func (rq *Request) Visit() models.Visit {
	v := models.Visit{Address: ExchangeOf(rq.Context()).RemoteIP, UserAgent: loggable(rq.UserAgent(), 300)}
	if rq.Principal != nil {
		v.Session = rq.Principal.SessionID
	}
	return v
}

// HasBody reports whether the request has a body. If its length is not told (chunks, HTTP/2), the first byte tells.
func (rq *Request) HasBody() bool {
	if rq.ContentLength >= 0 {
		return rq.ContentLength > 0
	}
	buffered := bufio.NewReader(rq.Body)
	_, err := buffered.Peek(1)
	rq.Body = struct {
		io.Reader
		io.Closer
	}{buffered, rq.Body}
	return !errors.Is(err, io.EOF) // another error is met again by who reads the body
}

// CheckCoding refuses a body that is compressed.
func (rq *Request) CheckCoding(w http.ResponseWriter) error {
	if coding := rq.Header.Get("Content-Encoding"); coding == "" || strings.EqualFold(coding, "identity") || !rq.HasBody() {
		return nil
	}
	w.Header().Set("Accept-Encoding", "identity") // tells this 415 from one about the media type (RFC 9110 §12.5.3)
	return &Error{Reason: UnsupportedCoding, Message: "A body is read as it is, not compressed.", Header: "Content-Encoding"}
}

// Read reads the body into Content, if that was not done before.
func (rq *Request) Read(w http.ResponseWriter) error {
	if rq.read {
		return rq.unread
	}
	if err := rq.CheckCoding(w); err != nil {
		return err
	}
	rq.read = true
	if rq.Body == http.NoBody {
		return nil
	}
	rq.Content, rq.unread = io.ReadAll(rq.Body)
	return rq.unread
}
