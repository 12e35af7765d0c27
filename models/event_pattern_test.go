package models

import (
	"strings"
	"testing"
)

func TestWhatAnEndpointSubscribesTo(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		patterns []string
		event    string
		want     bool
	}{
		{nil, "user.created", true},
		{[]string{"*"}, "user.created", true},
		{[]string{"user.created"}, "user.created", true},
		{[]string{"user.created"}, "user.createdX", false},
		{[]string{"user.*"}, "user.created", true},
		{[]string{"user.*"}, "users.created", false},
		{[]string{"user.*"}, "user", false},
		{[]string{"role.*", "user.deleted"}, "user.deleted", true},
		{[]string{"role.*", "user.deleted"}, "user.created", false},
		{nil, "webhook.disabled", false},
		{[]string{"*"}, "webhook.created", false},
		{[]string{"*", "webhook.disabled"}, "webhook.disabled", true},
		{[]string{"*", "webhook.disabled"}, "webhook.updated", false},
		{[]string{"webhook.*"}, "webhook.updated", true},
		{[]string{"*"}, "webhooks.made", true},
	} {
		if got := Subscribes(v.patterns, v.event); got != v.want {
			t.Errorf("Subscribes(%q, %q) = %t", v.patterns, v.event, got)
		}
	}
}

func TestTheFormsOfEventTypesAndPatterns(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", maxEventType)
	for _, v := range []struct {
		text          string
		name, pattern bool
	}{
		{"user.created", true, true},
		{"apiKey.rotated", true, true},
		{"webhook.test", true, true},
		{"a_1.B", true, true},
		{"x", true, true},
		{long, true, true},
		{"*", false, true},
		{"user.*", false, true},
		{"a.b.*", false, true},
		{"", false, false},
		{".", false, false},
		{".*", false, false},
		{"user.", false, false},
		{".user", false, false},
		{"user..created", false, false},
		{"user..*", false, false},
		{"user*", false, false},
		{"*.created", false, false},
		{"user.*.created", false, false},
		{"user.*.*", false, false},
		{"user.created\n", false, false},
		{"user created", false, false},
		{"user-created", false, false},
		{"üser", false, false},
		{long + "a", false, false},
		{long[2:] + ".**", false, false},
		{long[1:] + ".*", false, false},
	} {
		if name, pattern := IsEventType(v.text), isEventPattern(v.text); name != v.name || pattern != v.pattern {
			t.Errorf("%q: a name %t, a pattern %t", v.text, name, pattern)
		}
	}
}

func TestAPatternNamesSomeEvent(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"*": true, "user.created": true, "user.*": true, "webhook.*": true, "webhook.test": true,
		"user": false, "user.exploded": false, "invoice.*": false, "users.*": false,
	} {
		if got := namesSomeEvent(pattern); got != want {
			t.Errorf("%q names some event: %t", pattern, got)
		}
	}
}
