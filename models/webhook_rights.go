package models

import "fmt"

// within refuses an endpoint that gets more than a caller may see: whoever directs an endpoint can have sent to itself all that it gets.
// It is asked before all that a caller does with an endpoint, and of what comes out of it. No types are all of them, and so is *.
func (w *Webhook) within(by Caller) error {
	var errs Errors
	if w.Subtree && !by.Scope.SeesBelow() {
		errs = append(errs, &Error{Kind: Forbidden, Field: "subtree",
			Message: "An endpoint with subtree gets the events of the organizations below its own, which this credential does not see."})
	}
	for _, t := range EventTypes() {
		needs := t.Subject.Schema.Type + ":read"
		if Subscribes(w.EventTypes, t.Name) && !by.Rights.Hold(needs) {
			errs = append(errs, &Error{Kind: Forbidden, Field: "eventTypes",
				Message: fmt.Sprintf("An endpoint with these types gets %s, which needs the scope %s.", t.Name, needs)})
			break // one says enough
		}
	}
	return errs.Err()
}
