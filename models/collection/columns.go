package collection

import (
	"reflect"
	"strings"
	"sync"
)

// columnCache holds the column table of each model type.
var columnCache sync.Map // reflect.Type → map[string][]int

// columnsOf returns the columns of a model and the index of the struct field of each, from the gorm tags.
func columnsOf(model reflect.Type) map[string][]int {
	if cached, ok := columnCache.Load(model); ok {
		return cached.(map[string][]int)
	}
	columns := map[string][]int{}
	for _, field := range reflect.VisibleFields(model) {
		for _, part := range strings.Split(field.Tag.Get("gorm"), ";") {
			if column, ok := strings.CutPrefix(part, "column:"); ok {
				columns[column] = field.Index
			}
		}
	}
	columnCache.Store(model, columns)
	return columns
}

// Text returns the text in the field of a model that belongs to a column, "" for NULL.
func (c *Collection) Text(model any, column string) string {
	v := reflect.ValueOf(model).Elem()
	f := v.FieldByIndex(columnsOf(c.Model)[column])
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
	field := reflect.ValueOf(model).Elem().FieldByIndex(columnsOf(c.Model)[column])
	if field.Kind() == reflect.Pointer {
		field.Set(reflect.ValueOf(&text))
		return
	}
	field.SetString(text)
}

// Value returns what is in the field of a model that belongs to a column, and false if there is no such column.
func (c *Collection) Value(model any, column string) (any, bool) {
	index, ok := columnsOf(c.Model)[column]
	if !ok {
		return nil, false
	}
	return reflect.ValueOf(model).Elem().FieldByIndex(index).Interface(), true
}
