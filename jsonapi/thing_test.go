package jsonapi_test

import (
	"errors"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/jsonapi/jsonapitest"
)

// thing has an attribute of every kind and every rule.
type thing struct {
	ID     string           `gorm:"column:id" jsonapi:"primary,things" doc:"A thing." example:"t1"`
	Name   string           `gorm:"column:name" jsonapi:"attr,name" rule:"required,max=10,sort"`
	Note   *string          `gorm:"column:note" jsonapi:"attr,note" rule:"max=2000,filter"`
	Kind   string           `gorm:"column:kind" jsonapi:"attr,kind" rule:"enum=big|small,filter"`
	Size   int64            `gorm:"column:size" jsonapi:"attr,size" rule:"sort"`
	Weight *int64           `gorm:"column:weight" jsonapi:"attr,weight" rule:"filter"`
	Open   bool             `gorm:"column:open" jsonapi:"attr,open" rule:"filter"`
	Since  *jsonapi.Time    `gorm:"column:since" jsonapi:"attr,since" rule:"sort"`
	Made   jsonapi.Stamp    `gorm:"column:made" jsonapi:"attr,made" rule:"readonly,sort"`
	Tags   jsonapi.Strings  `gorm:"column:tags" jsonapi:"attr,tags" rule:"max=3,enum=red|green|blue"`
	Words  *jsonapi.Strings `gorm:"column:words" jsonapi:"attr,words" rule:"max=2"`
	Extra  jsonapi.Raw      `gorm:"column:extra" jsonapi:"attr,extra" rule:"readonly"`
	Mail   *string          `gorm:"column:mail" jsonapi:"attr,mail" rule:"format=email,filter"`
	Secret *string          `gorm:"-" jsonapi:"attr,secret" rule:"secret,min=3,max=20"`
	Code   string           `gorm:"column:code" jsonapi:"attr,code" rule:"createonly"`
	Total  int64            `gorm:"-" jsonapi:"attr,total" rule:"readonly"`
	Pass   *string          `gorm:"-" jsonapi:"attr,pass,omitempty" rule:"writeonly,min=4"`

	Hidden string `gorm:"column:hidden"`
}

type person struct {
	ID   string `gorm:"column:id" jsonapi:"primary,people"`
	Name string `gorm:"column:name" jsonapi:"attr,name" rule:"sort"`
}

// things is the schema of thing, with a relationship of every kind.
var things, people = func() (t, p *jsonapi.Schema) {
	t, p = jsonapi.ForModel(thing{}), jsonapi.ForModel(person{})
	for _, rel := range []*jsonapi.Relationship{
		{Name: "owner", Target: p},
		{Name: "maker", Target: p, Required: true},
		{Name: "origin", Target: t, ReadOnly: true},
		{Name: "first", Target: p, CreateOnly: true},
		{Name: "fans", Target: p, Many: true},
		{Name: "watchers", Target: p, Many: true, ReadOnly: true},
		{Name: "invited", Target: p, WriteOnly: true},
		{Name: "subject", Polymorphic: true, ReadOnly: true},
	} {
		t.Relate(rel)
	}
	t.Filters = []jsonapi.Filter{{Name: "near", Kind: jsonapi.String}, {Name: "lost", Kind: jsonapi.Boolean}}
	p.Relate(&jsonapi.Relationship{Name: "things", Target: t, Many: true})
	return t, p
}()

func typeNamed(name string) *jsonapi.Schema {
	return map[string]*jsonapi.Schema{"things": things, "people": people}[name]
}

const (
	idA = "01912f6a-8c00-7abc-8def-0123456789ab"
	idB = "01912f6a-8c00-7abc-8def-0123456789cd"
)

// found is one error as clients branch on it.
type found struct {
	Code                       jsonapi.Code
	Pointer, Parameter, Header string
}

// none stands for the absence of a pointer: "" is a pointer, the whole document.
const none = "-"

func errorsOf(t testing.TB, err error) []found {
	t.Helper()
	if err == nil {
		return nil
	}
	var errs jsonapi.Errors
	if !errors.As(err, &errs) {
		t.Fatalf("the error is no list of errors but %T: %v", err, err)
	}
	var out []found
	for _, e := range errs {
		f := found{Code: e.Code, Pointer: none}
		if e.Source != nil {
			f.Parameter, f.Header = e.Source.Parameter, e.Source.Header
			if e.Source.Pointer != nil {
				f.Pointer = *e.Source.Pointer
			}
		}
		out = append(out, f)
		if e.Detail == "" || e.Title == "" || e.Status < 400 {
			t.Errorf("error without a detail, a title or a status: %+v", e)
		}
		if strings.Contains(e.Detail, "%!(EXTRA") || strings.Contains(e.Detail, "(MISSING)") || strings.Contains(e.Detail, "written %%") {
			t.Errorf("badly formatted detail: %s", e.Detail)
		}
		if len(e.Detail) > 600 {
			t.Errorf("a detail of %d bytes: %.100s…", len(e.Detail), e.Detail)
		}
	}
	return out
}

// checkPointers fails the test for each pointer of an error that leads nowhere in the document that was sent.
func checkPointers(t testing.TB, body []byte, err error) {
	t.Helper()
	for _, f := range errorsOf(t, err) {
		if f.Pointer != none && !jsonapitest.Resolves(string(body), f.Pointer) {
			t.Errorf("the pointer %q of %s does not resolve in %s", f.Pointer, f.Code, body)
		}
		if f.Code == jsonapi.InvalidJSON && f.Pointer != none {
			t.Errorf("a body that is no JSON has no pointer, not %q", f.Pointer)
		}
	}
}
