package store_test

import (
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

// TestPostgreSQLCompilesNothing unless the URL of the database asks for it.
func TestPostgreSQLCompilesNothing(t *testing.T) {
	t.Parallel()
	url := modelstest.URL(t, store.Postgres)
	alter(t, url, "SET jit = 'on'")
	for address, want := range map[string]string{url: "off", url + "&jit=on": "on"} {
		if got := setting(t, modelstest.OpenConfig(t, modelstest.ConfigAt(address)), "jit"); got != want {
			t.Errorf("jit is %s, want %s", got, want)
		}
	}
}
