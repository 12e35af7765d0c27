package handlers

import (
	"testing"

	"roster/jsonapi"
	"roster/models/store"
	"roster/server"
)

// TestEveryReasonHasACodeOfItsStatus: what the server refuses, the API tells with a code, and the status is the same.
func TestEveryReasonHasACodeOfItsStatus(t *testing.T) {
	t.Parallel()
	meanings := jsonapi.Meanings()
	for reason, status := range server.Reasons() {
		if code, known := reasons[reason]; !known || meanings[code].Status != status {
			t.Errorf("%s is told as %q with the status %d, the server has %d", reason, code, meanings[code].Status, status)
		}
	}
	for kind, code := range codes {
		if status := server.Status(&store.Error{Kind: kind}); meanings[code].Status != status {
			t.Errorf("%s is told as %q with the status %d, the server has %d", kind, code, meanings[code].Status, status)
		}
	}
}
