package models_test

import (
	"testing"

	"roster/models"
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
		if got := models.Subscribes(v.patterns, v.event); got != v.want {
			t.Errorf("Subscribes(%q, %q) = %t", v.patterns, v.event, got)
		}
	}
}
