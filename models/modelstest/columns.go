package modelstest

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	gorm "gorm.io/gorm/schema"
)

// CompareColumns fails the test for each difference between GORM structs, given as pointers, and the columns of their tables in both
// databases: a field without a column, a column without a field, a Go type of another family, and NULL where the field has no place for
// it or the other way round. Fields whose type converts itself (a serializer, or driver.Valuer) are compared by name only.
func CompareColumns(t *testing.T, structs ...any) {
	t.Helper()
	for _, dialect := range Dialects {
		columns, err := readColumns(t.Context(), Writable(Open(t, dialect)), dialect)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range structs {
			mismatches, err := columnMismatches(columns, s)
			if err != nil {
				t.Fatal(err)
			}
			for _, mismatch := range mismatches {
				t.Errorf("%s: %s", dialect, mismatch)
			}
		}
	}
}

// columnMismatches returns what differs between the struct and the columns of its table.
func columnMismatches(columns []column, structPointer any) ([]string, error) {
	parsed, err := gorm.Parse(structPointer, &sync.Map{}, gorm.NamingStrategy{})
	if err != nil {
		return nil, fmt.Errorf("read tags of %T: %w", structPointer, err)
	}
	unseen := maps.Clone(parsed.FieldsByDBName)
	var mismatches []string
	mismatch := func(format string, args ...any) {
		mismatches = append(mismatches, fmt.Sprintf("%T: ", structPointer)+fmt.Sprintf(format, args...))
	}
	for _, c := range columns {
		if c.Table != parsed.Table {
			continue
		}
		field, ok := unseen[c.Name]
		if !ok {
			mismatch("no field for %s.%v", c.Table, c)
			continue
		}
		delete(unseen, c.Name)
		kind, nullable, known := goFamily(field)
		if !known {
			continue
		}
		if kind != c.Family {
			mismatch("%s is %s, but %s.%v", field.Name, field.FieldType, c.Table, c)
		} else if nullable != c.Nullable && kind != "blob" { // nil bytes are NULL
			mismatch("%s is %s: NULL, but %s.%v", field.Name, field.FieldType, c.Table, c)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unseen)) {
		if !unseen[name].Creatable {
			continue // it is read from another table
		}
		mismatch("%s has no column %s.%s", unseen[name].Name, parsed.Table, name)
	}
	return mismatches, nil
}

// goFamily returns the family of columns that hold the field, and whether it can be NULL. It is not known of types that convert themselves.
func goFamily(field *gorm.Field) (name string, nullable, known bool) {
	t := field.FieldType
	if t.Kind() == reflect.Pointer {
		t, nullable = t.Elem(), true
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "timestamp", nullable || field.DefaultValue == "null", true // a zero time is written as the default
	case field.Serializer != nil, t.Implements(reflect.TypeFor[driver.Valuer]()):
		return "", false, false
	case t == reflect.TypeFor[[]byte]():
		return "blob", nullable, true
	}
	switch t.Kind() {
	case reflect.String:
		return "text", nullable, true
	case reflect.Bool:
		return "boolean", nullable, true
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return "integer", nullable, true
	case reflect.Float32, reflect.Float64:
		return "real", nullable, true
	default:
		return t.String(), nullable, true
	}
}
