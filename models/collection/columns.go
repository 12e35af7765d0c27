package collection

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"roster/models/store"
)

// layout is what the struct of a model has for the columns of its table.
type layout struct {
	table  string
	models reflect.Type // a slice of them
	fields map[string]field
	// whole is everything there is to read.
	whole selection
	// insert is how a model becomes a row.
	insert insertion
}

// field is that of a struct which belongs to a column.
type field struct {
	index []int
	// optional is a slice of what the field points to, nil for a field that is no pointer.
	optional reflect.Type
	// time: it holds a time and nothing else.
	time bool
}

// layouts holds the layout of each model.
var layouts sync.Map // reflect.Type → *layout

// layout returns the layout of the collection's model.
func (c *Collection) layout() *layout {
	if known, ok := layouts.Load(c.Model); ok {
		return known.(*layout)
	}
	l := &layout{table: c.Table, models: reflect.SliceOf(c.Model), fields: map[string]field{}}
	var names []string
	for _, f := range reflect.VisibleFields(c.Model) {
		for _, part := range strings.Split(f.Tag.Get("gorm"), ";") {
			if column, ok := strings.CutPrefix(part, "column:"); ok {
				l.fields[column] = fieldOf(f)
				names = append(names, column)
			}
		}
	}
	slices.Sort(names)
	l.whole, l.insert = l.selection(names), l.insertion(names, c.Number)
	known, _ := layouts.LoadOrStore(c.Model, l)
	return known.(*layout)
}

func fieldOf(f reflect.StructField) field {
	known, what := field{index: f.Index}, f.Type
	if what.Kind() == reflect.Pointer {
		what = what.Elem()
		known.optional = reflect.SliceOf(what)
	}
	known.time = what.Kind() == reflect.Struct && what.NumField() == 1 && what.Field(0).Type == reflect.TypeFor[time.Time]()
	return known
}

// selection is columns to read, and the fields that they are read into.
type selection struct {
	models reflect.Type
	names  []string
	text   string // of a SELECT from the table
	fields []field
}

// selection returns that of some columns.
func (l *layout) selection(names []string) selection {
	s := selection{models: l.models, names: names, fields: make([]field, len(names))}
	for i, name := range names {
		s.fields[i] = l.fields[name]
	}
	s.text = s.of(l.table)
	return s
}

// of returns the columns of a SELECT from something.
func (s *selection) of(from string) string { return from + "." + strings.Join(s.names, ", "+from+".") }

// read returns a new model for each row of an answer, as pointers.
func (s *selection) read(a *store.Answer) ([]any, error) {
	models, items := reflect.MakeSlice(s.models, a.Len(), a.Len()), make([]any, a.Len())
	for column, f := range s.fields {
		if err := f.read(a, column, models); err != nil {
			return nil, fmt.Errorf("read %s: %w", s.names[column], err)
		}
	}
	for i := range items {
		items[i] = models.Index(i).Addr().Interface()
	}
	return items, nil
}

// read fills the field of every model from a column. NULL is the zero value, or no pointer. What the pointers of a column lead to is one
// piece of memory.
func (f *field) read(a *store.Answer, column int, models reflect.Value) error {
	var optional reflect.Value
	if f.optional != nil {
		n := a.Filled(column)
		if n == 0 {
			return nil
		}
		optional = reflect.MakeSlice(f.optional, n, n)
	}
	n := 0
	for row := range a.Len() {
		if a.Null(row, column) {
			continue
		}
		value := models.Index(row).FieldByIndex(f.index)
		if f.optional != nil {
			value.Set(optional.Index(n).Addr())
			value, n = optional.Index(n), n+1
		}
		if f.time {
			value = value.Field(0)
		}
		if err := a.Into(row, column, value.Addr().Interface()); err != nil {
			return err
		}
	}
	return nil
}

// field returns the field of a model that belongs to a column.
func (c *Collection) field(model any, column string) reflect.Value {
	return reflect.ValueOf(model).Elem().FieldByIndex(c.layout().fields[column].index)
}

// Text returns the text in the field of a model that belongs to a column, "" for NULL.
func (c *Collection) Text(model any, column string) string {
	f := c.field(model, column)
	if f.Kind() == reflect.Pointer {
		if f.IsNil() {
			return ""
		}
		f = f.Elem()
	}
	return f.String()
}

// SetText sets the field of a model that belongs to a column of texts.
func (c *Collection) SetText(model any, column, text string) {
	field := c.field(model, column)
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.ValueOf(&text))
		return
	}
	field.SetString(text)
}

// Value returns what is in the field of a model that belongs to a column, and false if there is no such column.
func (c *Collection) Value(model any, column string) (any, bool) {
	if !c.has(column) {
		return nil, false
	}
	return c.field(model, column).Interface(), true
}

// has reports whether there is a column.
func (c *Collection) has(column string) bool {
	_, ok := c.layout().fields[column]
	return ok
}
