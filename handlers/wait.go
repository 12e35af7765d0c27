package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
)

// A reader who has come to the end of the events can wait for the next one: Prefer: wait=20 (RFC 7240 §4.3). The request looks again when
// something happened that it may see, and is answered when that is in its list, or after the time with the document that it would have
// got at once. It holds no connection to the database while it waits.

const (
	longestWait = time.Minute
	// answerTime is what is left of the time for a request when its wait ends.
	answerTime = time.Second
	// maxWaits bounds those who wait in this process, maxWaitsOfOne those of one caller. Whoever is one too many is answered at once.
	maxWaits      = 2_000
	maxWaitsOfOne = 20
)

// page returns the page of a list. One of events that has nothing, at the end of the list, waits if the request prefers that.
func (a *API) page(w http.ResponseWriter, rq *request, c *collection.Collection) (*collection.Page, error) {
	patience := time.Duration(0)
	if c.Schema == models.Events.Schema {
		patience = patienceOf(rq)
	}
	if patience == 0 {
		return collection.List(rq.Context(), rq.DB, c, rq.Scope(), rq.query)
	}
	end, ok := a.waits.Begin(rq.Principal.Identity().String())
	if !ok {
		return collection.List(rq.Context(), rq.DB, c, rq.Scope(), rq.query)
	}
	defer end()
	page, err := a.await(rq, c, patience)
	if err == nil {
		w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(patience/time.Second)))
		w.Header().Add("Vary", "Prefer")
	}
	return page, err
}

// await returns the page of a list, once there is something on it or behind it, or the patience is at its end.
func (a *API) await(rq *request, c *collection.Collection, patience time.Duration) (*collection.Page, error) {
	wait := a.watch.Wait(rq.Scope())
	defer wait.End()
	enough := time.NewTimer(patience)
	defer enough.Stop()
	for {
		page, err := collection.List(rq.Context(), rq.DB, c, rq.Scope(), rq.query)
		if err != nil {
			return nil, err
		}
		if len(page.Items) > 0 || page.Next != nil {
			return page, rq.admitAgain() // what is told may be that the caller's key is revoked
		}
		select {
		case _, goesOn := <-wait.Woken:
			if !goesOn {
				return page, nil
			}
		case <-enough.C:
			return page, nil
		case <-rq.Context().Done():
			return nil, rq.Context().Err()
		}
		if err := rq.admitAgain(); err != nil {
			return nil, err
		}
	}
}

// waits reports whether the answer of a route can wait for events. rel is the relationship in its path, or nil.
func (rt *route) waits(rel *jsonapi.Relationship) bool {
	_, schema := rt.accepts(rel)
	return rt.lists(rel) && schema == models.Events.Schema
}

// admitAgain makes sure that a caller who has waited may still do what it asked for.
func (rq *request) admitAgain() error {
	if err := rq.AdmitAgain(rq.Context()); err != nil {
		return err
	}
	return rq.permitInclusion(rq.query.Include)
}

// patienceOf returns how long a request prefers to wait, within what the time for a request allows; 0 is not at all.
func patienceOf(rq *request) time.Duration {
	longest := longestWait
	if deadline, ok := rq.Context().Deadline(); ok {
		longest = min(longest, time.Until(deadline)-answerTime)
	}
	seconds, ok := preferredWait(rq.Header.Values("Prefer"))
	if !ok {
		return 0
	}
	wait := longest
	if seconds < int(longest/time.Second) {
		wait = time.Duration(seconds) * time.Second
	}
	return max(wait.Truncate(time.Second), 0)
}

// preferredWait returns the seconds of the preference wait. Of several the first counts, and what cannot be read is no preference (RFC
// 7240 §2).
func preferredWait(values []string) (seconds int, ok bool) {
	for preference := range strings.SplitSeq(strings.Join(values, ","), ",") {
		preference, _, _ = strings.Cut(preference, ";") // its parameters
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"`)
		n, err := strconv.ParseUint(value, 10, 31)
		return int(n), err == nil
	}
	return 0, false
}
