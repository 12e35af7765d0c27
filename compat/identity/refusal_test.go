package identity

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"roster/models/store"
	"roster/server"
)

// TestEveryErrorHasItsFormAndStatus: of the server, of the store, and what is no business of clients.
func TestEveryErrorHasItsFormAndStatus(t *testing.T) {
	t.Parallel()
	check := func(err error, code int, message string) {
		t.Helper()
		got := refusal(err)
		want := fmt.Sprintf(`{"code":%d,"message":%q}`, code, message)
		if got == nil || got.Status != code || got.ContentType != "application/json" || string(got.Body) != want {
			t.Errorf("%v: %+v, want %s", err, got, want)
		}
	}
	for reason, status := range server.Reasons() {
		message := "So & so."
		if reason == server.NotFound {
			message = "There is no such organization."
		}
		check(&server.Error{Reason: reason, Message: "So & so."}, status, message)
	}
	check(&server.Error{Reason: server.Internal, Message: "Ask.", ID: "7"}, http.StatusInternalServerError, "Ask. 7")
	for kind, code := range map[store.Kind]int{
		store.RelatedNotFound: 404, store.Conflict: 422, store.Invalid: 400, store.Required: 400, store.Forbidden: 403, store.ReadOnly: 403,
		store.PreconditionFailed: 412, store.OtherRequest: 422, store.Unauthenticated: 401, store.SecondFactor: 401, store.TooMany: 429,
		store.Busy: 503, store.Unsupported: 415,
	} {
		check(&store.Error{Kind: kind, Message: "So & so."}, code, "So & so.")
		check(fmt.Errorf("do it: %w", store.Errors{{Kind: kind, Message: "So & so."}, {Kind: store.NotFound}}), code, "So & so.")
	}
	check(store.NoResource("organizations", "7"), http.StatusNotFound, "There is no such organization.")
	check(badRequest("%d is too many.", 7), http.StatusBadRequest, "7 is too many.")
	if got := refusal(errors.New("the disk is full")); got != nil {
		t.Errorf("a failure is told: %s", got.Body)
	}
}

// TestNothingIsAConflict, since clients send what is one again.
func TestNothingIsAConflict(t *testing.T) {
	t.Parallel()
	for reason, status := range server.Reasons() {
		if status == http.StatusConflict {
			t.Errorf("%s is a conflict", reason)
		}
	}
	for _, kind := range codes {
		if kind == http.StatusConflict {
			t.Error("a kind of error is told as a conflict")
		}
	}
}
