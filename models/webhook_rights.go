package models

import (
	"fmt"
	"slices"
	"time"

	"roster/models/store"
)

// within refuses an endpoint that gets more than a caller may see: who directs an endpoint can direct all that it gets to itself. It is
// checked before everything that a caller does with an endpoint, and on the result. No types are all of them, and so is *.
func (w *Webhook) within(held standing) error {
	var errs store.Errors
	for _, needs := range w.reads() {
		switch {
		case !held.Hold(needs.word) && !holds(held.hears, needs.word):
			errs = append(errs, &store.Error{Kind: store.Forbidden, Field: "eventTypes",
				Message: fmt.Sprintf("An endpoint with these types gets %s, which needs the scope %s.", needs.eventType, needs.word)})
		case w.Subtree && !held.holdsBelow(needs.word):
			errs = append(errs, &store.Error{Kind: store.Forbidden, Field: "subtree",
				Message: "An endpoint with subtree gets the events of the organizations below its own, which this credential does not " +
					"see."})
		default:
			continue
		}
		break // one says enough
	}
	return errs.Err()
}

// need is a word that it takes to get events of a type.
type need struct{ eventType, word string }

// reads returns what it takes to read all that the endpoint gets.
func (w *Webhook) reads() (needs []need) {
	for _, t := range EventTypes() {
		if !Subscribes(w.EventTypes, t.Name) {
			continue
		}
		for _, word := range reads(t.Subject) {
			needs = append(needs, need{t.Name, word})
		}
	}
	return needs
}

// directs refuses that a credential which ends decides where an endpoint sends what, and with which headers: the endpoint would go on
// without it. before is the endpoint as it was, empty for a new one.
func (w *Webhook) directs(held standing, before *Webhook, in *Change) error {
	_, headers := in.Attributes["headers"]
	switch {
	case w.URL != before.URL:
		return endsBefore(held.Rights, "url")
	case !slices.Equal(w.EventTypes, before.EventTypes):
		return endsBefore(held.Rights, "eventTypes")
	case w.Subtree && !before.Subtree:
		return endsBefore(held.Rights, "subtree")
	case headers:
		return endsBefore(held.Rights, "headers")
	case w.Status == WebhookActive && before.Status != WebhookActive:
		return endsBefore(held.Rights, "status")
	default:
		return nil
	}
}

// endsBefore refuses a caller that ends before an endpoint does, which has no end.
func endsBefore(by Rights, field string) error {
	if by.Until == nil {
		return nil
	}
	return &store.Error{Kind: store.Forbidden, Field: field,
		Message: "An endpoint goes on until it is deleted, and this credential ends at " +
			by.Until.UTC().Format(time.RFC3339) + ": it cannot direct one, or be shown or choose its secret."}
}
