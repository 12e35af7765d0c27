package models

import (
	"slices"
	"strings"
)

// maxEventType is how many characters the name of an event type has at most, and so has a pattern of them.
const maxEventType = 128

// IsEventType tells whether a text has the form of the name of an event type: segments of [a-zA-Z0-9_] between full stops, such as
// "apiKey.created". There need not be such events.
func IsEventType(name string) bool {
	if len(name) > maxEventType {
		return false
	}
	for segment := range strings.SplitSeq(name, ".") {
		if segment == "" || strings.ContainsFunc(segment, notInSegment) {
			return false
		}
	}
	return true
}

func notInSegment(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
}

// isEventPattern tells whether a text has the form of what an endpoint can subscribe to: a type, a prefix of one ending in ".*", or "*".
func isEventPattern(pattern string) bool {
	return pattern == "*" || len(pattern) <= maxEventType && IsEventType(strings.TrimSuffix(pattern, ".*"))
}

// namesSomeEvent tells whether there are events of a type that the pattern matches.
func namesSomeEvent(pattern string) bool {
	return slices.ContainsFunc(EventTypes(), func(t EventType) bool { return matches(pattern, t.Name) })
}

// aboutEndpoints is what the types of events that tell of endpoints themselves begin with.
const aboutEndpoints = "webhook."

// Subscribes tells whether an endpoint with those patterns wants events of that type. No patterns, and "*", want everything that is not
// about endpoints: an endpoint gets that only if it asks for it by name. Otherwise n endpoints, made one after the other, would cost n²/2
// deliveries.
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
