package jsonapi_test

import (
	"net/url"
	"slices"
	"strconv"
	"testing"

	"roster/jsonapi"
)

// TestTheParametersToldAreThoseTaken sends every parameter that the documentation tells of, and each comparison of the id, told or not.
func TestTheParametersToldAreThoseTaken(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range things.Parameters(jsonapi.ListQuery, []*jsonapi.Schema{things, people}) {
		names = append(names, p.Name)
		if _, err := parse(url.QueryEscape(p.Name) + "=" + url.QueryEscape(sample(p))); err != nil {
			t.Errorf("%s=%s: %v", p.Name, sample(p), err)
		}
	}
	for _, op := range everyOp {
		name := "filter[id][" + string(op) + "]"
		_, err := parse(name + "=" + idA)
		if taken, told := err == nil, slices.Contains(names, name); taken != told {
			t.Errorf("%s: taken %v, told %v: %v", name, taken, told, err)
		}
	}
}

// sample returns a value that the description of a parameter allows.
func sample(p jsonapi.Parameter) string {
	switch {
	case len(p.Enum) > 0:
		return p.Enum[0]
	case p.Family == "include":
		return things.Relationships[0].Name
	case p.Kind == jsonapi.Boolean:
		return "true"
	case p.Kind == jsonapi.Integer:
		return strconv.Itoa(max(p.Least, 1))
	case p.Kind == jsonapi.TimeKind || p.Kind == jsonapi.StampKind:
		return "2026-01-02T03:04:05+00:00"
	default:
		return "a"
	}
}

func TestParametersOfNoFamily(t *testing.T) {
	t.Parallel()
	schema := jsonapi.ForModel(struct {
		ID string `jsonapi:"primary,things"`
	}{})
	accepts := jsonapi.Accepts{Others: []jsonapi.Other{{Name: "userId"}, {Name: "size", Enum: []string{"64", "128"}}}}
	for raw, want := range map[string]jsonapi.Code{
		"userId=a&size=64": "", "userId=": "", "size=63": jsonapi.InvalidParameter, "size=": jsonapi.InvalidParameter,
		"userId=a&userId=b": jsonapi.InvalidParameter,
		"userid=a":          jsonapi.UnknownParameter, "userId[x]=a": jsonapi.UnknownParameter,
	} {
		q, err := jsonapi.ParseQuery(raw, accepts, schema, func(string) *jsonapi.Schema { return nil })
		switch errs, _ := err.(jsonapi.Errors); { //nolint:errorlint // it is returned as it is
		case want == "" && err != nil, want != "" && (len(errs) != 1 || errs[0].Code != want):
			t.Errorf("%s: %v", raw, err)
		case raw == "userId=a&size=64" && (q.Others["userId"] != "a" || q.Others["size"] != "64"):
			t.Errorf("%s is read as %v", raw, q.Others)
		}
	}
}
