package models

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/store"
)

// checkEventTypes refuses patterns that have not the form of one, or that nothing matches. What was kept before may stay.
func checkEventTypes(patterns, before []string) (errs store.Errors) {
	invalid := func(message string, args ...any) {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: "eventTypes", Message: fmt.Sprintf(message, args...)})
	}
	for _, p := range patterns {
		switch {
		case slices.Contains(before, p):
		case !isEventPattern(p):
			invalid("%.60q is neither a type like user.created, nor a prefix like user.*, nor *.", p)
		case !namesSomeEvent(p):
			invalid("eventTypes cannot be used: there is no event of the type %q.", p)
		}
	}
	return errs
}

// checkWebhook holds the rules of an endpoint that concern several members, or the world outside. They are for what changes: a rule that
// came later must not stand in the way of other changes.
func checkWebhook(tx *store.DB, w, before *Webhook, in *Change) error {
	errs := checkEventTypes(w.EventTypes, before.EventTypes)
	invalid := func(field, message string, args ...any) {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: field, Message: fmt.Sprintf(message, args...)})
	}
	if w.URL != before.URL {
		if err := allowedOn(tx).WebhookTargets.CheckURL(w.URL); err != nil {
			invalid("url", "url cannot be used: %s.", err)
		}
	}
	if w.Rate != nil && (before.Rate == nil || *before.Rate != *w.Rate) && (*w.Rate < 1 || *w.Rate > 10_000) {
		invalid("rate", "rate must be 1 to 10000 deliveries a second.")
	}
	if w.Schedule != nil && (before.Schedule == nil || !slices.Equal(*w.Schedule, *before.Schedule)) {
		waits, err := ParseSchedule(*w.Schedule)
		if err == nil {
			err = checkSchedule(waits)
		}
		if err != nil {
			invalid("schedule", "schedule cannot be used: %s.", err)
		}
	}
	if w.Status == WebhookDisabled && before.Status != WebhookDisabled {
		invalid("status", "status can be set to active or paused; an endpoint is disabled when it fails.")
	}
	lost := w.Kind == ExtraWebhook && deref(before.DisabledReason) == DisabledSecretKeyLost
	if _, given := in.Attributes["url"]; lost && !given && w.Status != WebhookDisabled {
		invalid("url", "url is needed: all but its origin was lost with the secret key of the installation.")
	}
	if _, given := in.Attributes["headers"]; given {
		errs = append(errs, checkHeaders(w.Headers)...)
	}
	return errs.Err()
}

// sealHeaders keeps the headers of the input, encrypted. A value that is printed for every secret stands for the one that is kept.
func sealHeaders(tx *store.DB, w *Webhook, in *Change) error {
	if _, given := in.Attributes["headers"]; !given {
		return nil
	}
	kept, err := OpenHeaders(tx, w.ID, w.SealedHeaders)
	if err != nil {
		return err
	}
	names, headers := jsonapi.Strings{}, map[string]string{}
	for i, header := range w.Headers {
		name, value, _ := strings.Cut(header, ":")
		if value = strings.TrimSpace(value); value == SecretMark {
			before, ok := kept[name]
			if !ok {
				return &store.Error{Kind: store.Invalid, Field: "headers",
					Message: fmt.Sprintf("%s stands for a value that is kept, and there is none for header %d.", SecretMark, i+1)}
			}
			value = before
		}
		names = append(names, name)
		headers[name] = value
	}
	if slices.Equal(names, w.HeaderNames) && reflect.DeepEqual(headers, kept) {
		return nil
	}
	w.HeaderNames, w.SealedHeaders = names, nil
	if len(headers) > 0 {
		text, err := json.Marshal(headers)
		if err != nil {
			return fmt.Errorf("encode headers: %w", err)
		}
		w.SealedHeaders = tx.Vault().Seal(w.ID, string(text))
	}
	return nil
}

// OpenHeaders returns the headers of an endpoint from the form in which they are kept.
func OpenHeaders(db *store.DB, webhook string, sealed []byte) (map[string]string, error) {
	headers := map[string]string{}
	if sealed == nil {
		return headers, nil
	}
	text, err := db.Vault().Open(webhook, sealed)
	if err == nil {
		err = json.Unmarshal([]byte(text), &headers)
	}
	if err != nil {
		return nil, fmt.Errorf("open headers of webhook %s: %w", webhook, err)
	}
	return headers, nil
}
