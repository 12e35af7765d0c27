package authzen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// object is a JSON object of a request, whose members are looked at as they are asked for. Names count letter by letter; members that
// nobody asks for are passed over, as the specification wants.
type object struct {
	// path is where it stands: "resource.properties", "" for the whole body.
	path    string
	members map[string]json.RawMessage
}

// objectOf reads a body. It fails with a refused if that is not one object.
func objectOf(body []byte) (object, error) {
	var o object
	if err := json.Unmarshal(body, &o.members); err != nil || o.members == nil {
		return o, badRequest("The body must be a JSON object.")
	}
	return o, nil
}

// badRequest is an error of a request that is not what the specification says.
func badRequest(format string, args ...any) error {
	return &refused{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// at returns the path of a member.
func (o object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// has reports whether a member is there, and not null.
func (o object) has(name string) bool {
	return len(o.members[name]) > 0 && !bytes.Equal(o.members[name], []byte("null"))
}

// read reads a member that is there, and says what it must be if it is something else.
func (o object) read(name, must string, into any) error {
	if err := json.Unmarshal(o.members[name], into); err != nil {
		return badRequest("%s must be %s.", o.at(name), must)
	}
	return nil
}

// object returns a member that is an object; one without members if it is not there.
func (o object) object(name string) (object, error) {
	member := object{path: o.at(name)}
	if !o.has(name) {
		return member, nil
	}
	return member, o.read(name, "an object", &member.members)
}

// text returns a member that is a text, "" if it is not there.
func (o object) text(name string) (text string, err error) {
	if o.has(name) {
		err = o.read(name, "a string", &text)
	}
	return text, err
}

// needed is text for one that has to be there.
func (o object) needed(name string) (string, error) {
	text, err := o.text(name)
	if err == nil && text == "" {
		err = badRequest("%s is needed.", o.at(name))
	}
	return text, err
}

// canonical returns some members in a form that does not depend on how they were written.
func (o object) canonical(names ...string) string {
	values := make([]any, len(names))
	for i, name := range names {
		if o.has(name) {
			_ = json.Unmarshal(o.members[name], &values[i]) // it is JSON: the body was read
		}
	}
	text, _ := json.Marshal(values) // what was decoded encodes
	return string(text)
}
