package signin

import (
	"bytes"
	"cmp"
	"errors"
	"html/template"
	"net/http"

	"roster/models/store"
	"roster/server"
)

// refused is why nobody was signed in, as a person is told. The cause is for the log.
type refused struct {
	status  int
	message string
	code    string // of the provider's error, "" for none
	cause   error
}

// Error implements error.
func (e *refused) Error() string {
	if e.cause != nil {
		return e.message + ": " + e.cause.Error()
	}
	return e.message
}

// page is what a browser shows of it. It takes nothing from anywhere.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign-in</title>
<h1>Not signed in</h1>
<p>{{.Message}}</p>
{{- with .Code}}
<p>The provider says: <code>{{.}}</code></p>
{{- end}}
{{- with .ID}}
<p>The log has the details under <code>{{.}}</code>.</p>
{{- end}}
<p><a href="/">Back</a></p>
</html>
`))

// refusal implements [server.Door.Refusal].
func refusal(err error) *server.Refusal {
	var own *refused
	var shared *server.Error
	var status int
	var told struct{ Message, Code, ID string }
	switch stored := store.ErrorsOf(err); {
	case errors.As(err, &own):
		status, told.Message, told.Code = own.status, own.message, own.code
	case errors.As(err, &shared):
		status, told.Message, told.ID = server.Status(err), shared.Message, shared.ID
	case store.IsKind(err, store.Unauthenticated): // they are known to the provider, and nobody here
		status, told.Message = http.StatusForbidden, "There is no account here for whom you signed in as."
	case len(stored) > 0:
		status, told.Message = server.Status(err), stored[0].Message
	default:
		return nil
	}
	var body bytes.Buffer
	if err := page.Execute(&body, told); err != nil {
		return nil // a mistake in this program
	}
	return &server.Refusal{
		Status: cmp.Or(status, http.StatusInternalServerError), ContentType: "text/html; charset=utf-8", Body: body.Bytes(),
	}
}
