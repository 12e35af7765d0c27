package jsonapi_test

import (
	"strings"
	"testing"

	"roster/jsonapi"
)

func TestPreferredExport(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "", "*/*": "", "application/*": "", "text/*": "", "application/vnd.api+json": "", "application/json": "",
		"application/x-ndjson":                                     jsonapi.NDJSON,
		"Application/X-NDJSON ; q=0.1":                             jsonapi.NDJSON,
		"text/csv":                                                 jsonapi.CSV,
		"text/csv; charset=utf-8":                                  jsonapi.CSV,
		"text/csv, */*":                                            jsonapi.CSV, // the more specific range
		"text/csv;q=0.5, */*;q=0.9":                                "",
		"text/csv;q=0":                                             "",
		"text/csv;q=x":                                             "",
		"application/x-ndjson, text/csv":                           jsonapi.NDJSON, // the first of equals
		"text/csv, application/x-ndjson":                           jsonapi.CSV,
		"text/csv;q=0.8, application/x-ndjson;q=0.9":               jsonapi.NDJSON,
		"application/vnd.api+json, application/x-ndjson":           "", // a document, of equals
		"application/vnd.api+json;q=0.9, application/x-ndjson":     jsonapi.NDJSON,
		"application/x-ndjson;q=0.9, application/vnd.api+json":     "",
		"application/vnd.api+json;q=0, application/x-ndjson;q=0.1": jsonapi.NDJSON,
		strings.Repeat("text/plain,", 200) + "text/csv":            "",
	} {
		if got := jsonapi.PreferredExport([]string{accept}); got != want {
			t.Errorf("%.60q: %q, want %q", accept, got, want)
		}
	}
}
