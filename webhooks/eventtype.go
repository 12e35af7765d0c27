package webhooks

import (
	"fmt"
	"strings"

	"roster/models"
)

const maxEventType = 128

// checkEventType returns nil for the name of an event type: full-stop separated segments of [a-zA-Z0-9_], for example
// "apiKey.created".
func checkEventType(name string) error {
	if name == "" || len(name) > maxEventType {
		return fmt.Errorf("an event type has 1 to %d characters, not %d", maxEventType, len(name))
	}
	for segment := range strings.SplitSeq(name, ".") {
		if segment == "" {
			return fmt.Errorf("the event type %q has an empty segment", name)
		}
		if i := strings.IndexFunc(segment, notInSegment); i >= 0 {
			return fmt.Errorf("the event type %q has a character other than letters, digits, underscores and full stops", name)
		}
	}
	return nil
}

// CheckSubscription returns nil for a pattern that names some event, by the rule that decides what is sent.
func CheckSubscription(pattern string) error {
	for _, t := range models.EventTypes() {
		if models.Matches([]string{pattern}, t.Name) {
			return nil
		}
	}
	return fmt.Errorf("there is no event of the type %q", pattern)
}

func notInSegment(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
}
