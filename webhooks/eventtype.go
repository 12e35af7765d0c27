package webhooks

import (
	"fmt"
	"slices"
	"strings"
)

const maxEventType = 128

// CheckEventType returns nil for the name of an event type: full-stop separated segments of [a-zA-Z0-9_], for example
// "apiKey.created".
func CheckEventType(name string) error {
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

// CheckPattern returns nil for what an endpoint can subscribe to: an event type, a prefix of one ending in ".*", or "*".
func CheckPattern(pattern string) error {
	if pattern == "*" {
		return nil
	}
	return CheckEventType(strings.TrimSuffix(pattern, ".*"))
}

// aboutEndpoints is what the types of events that tell of endpoints themselves begin with.
const aboutEndpoints = "webhook."

// Subscribes tells whether an endpoint with those patterns wants events of that type. No patterns, and "*", want everything that is not
// about endpoints: that is told only to who asks for it by name. Otherwise n endpoints, made one after the other, would cost n²/2 deliveries.
func Subscribes(patterns []string, eventType string) bool {
	if !strings.HasPrefix(eventType, aboutEndpoints) {
		return Matches(patterns, eventType)
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool { return pattern != "*" && matches(pattern, eventType) })
}

// Matches tells whether patterns name a type. No patterns, and "*", name every one.
func Matches(patterns []string, eventType string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, eventType) })
}

func matches(pattern, eventType string) bool {
	if pattern == "*" || pattern == eventType {
		return true
	}
	prefix, ok := strings.CutSuffix(pattern, "*")
	return ok && strings.HasSuffix(prefix, ".") && strings.HasPrefix(eventType, prefix)
}

func notInSegment(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
}
