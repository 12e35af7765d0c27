package webhooks

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestASecretThatSignsAllTheTimeIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	s, noon := signings{}, time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after   time.Duration
		secrets []string
		want    []string
	}{
		{0, []string{"new", "old"}, []string{"new", "old"}},
		{time.Second, []string{"new", "old"}, nil},
		{30 * time.Second, []string{"newer", "new"}, []string{"newer"}},
		{time.Minute, []string{"newer", "new"}, []string{"new"}},
		{time.Minute, nil, nil},
	} {
		if diff := cmp.Diff(c.want, s.toNote(c.secrets, noon.Add(c.after))); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", c.after, diff)
		}
	}
	for i := range 2 * maxSignings {
		s.toNote([]string{fmt.Sprint(i)}, noon)
	}
	if len(s) > maxSignings {
		t.Errorf("%d are remembered", len(s))
	}
}
