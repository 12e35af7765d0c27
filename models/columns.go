package models

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
