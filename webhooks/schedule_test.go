package webhooks

import (
	"net/http"
	"testing"
	"time"
)

func TestTheDefaultScheduleIsTheOneOfTheSpecification(t *testing.T) {
	t.Parallel()
	schedule := DefaultSchedule()
	var total time.Duration
	attempts := 1
	for {
		wait, more := schedule.After(attempts, 0.5)
		if !more {
			break
		}
		attempts++
		total += wait
	}
	if want := 75*time.Hour + 35*time.Minute + 5*time.Second; attempts != 10 || total != want {
		t.Errorf("%d attempts over %s, want 10 over %s", attempts, total, want)
	}
}

func TestJitterSpreadsWaits(t *testing.T) {
	t.Parallel()
	schedule := DefaultSchedule()
	for roll, want := range map[float64]time.Duration{
		0: 4 * time.Minute, 0.25: 4*time.Minute + 30*time.Second, 0.5: 5 * time.Minute, 1: 6 * time.Minute,
	} {
		if got, _ := schedule.After(2, roll); got != want {
			t.Errorf("roll %g: %s, want %s", roll, got, want)
		}
	}
	if got, more := schedule.After(0, 0.9); got != 0 || !more {
		t.Errorf("the first attempt waits %s", got)
	}
}

func TestAScheduleOfOneAttemptHasNoSecond(t *testing.T) {
	t.Parallel()
	if _, more := (Schedule{0}).After(1, 0); more {
		t.Error("there is a second")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, v := range []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"0", "", 0},
		{"120", "", 2 * time.Minute},
		{" 120 ", "", 2 * time.Minute},
		{"86400", "", 24 * time.Hour},
		{"864000", "", 24 * time.Hour},
		{"99999999999999999999999999", "", 24 * time.Hour},
		{"-5", "", 0},
		{"+5", "", 0},
		{"1.5", "", 0},
		{"5s", "", 0},
		{"soon", "", 0},
		{"120, 240", "", 0},
		{"Fri, 02 Jan 2026 03:06:05 GMT", "", 2 * time.Minute},
		{"Friday, 02-Jan-26 03:06:05 GMT", "", 2 * time.Minute},
		{"Fri Jan  2 03:06:05 2026", "", 2 * time.Minute},
		{"Fri, 02 Jan 2026 03:04:00 GMT", "", 0},
		{"Mon, 12 Jan 2026 03:04:05 GMT", "", 24 * time.Hour},
		{"Fri, 02 Jan 2026 04:06:05 GMT", "Fri, 02 Jan 2026 04:04:05 GMT", 2 * time.Minute},
		{"Fri, 02 Jan 2026 03:06:05 GMT", "rubbish", 2 * time.Minute},
		{"Fri, 32 Jan 2026 03:06:05 GMT", "", 0},
	} {
		header := http.Header{}
		header.Set("Retry-After", v.value)
		header.Set("Date", v.date)
		if got := retryAfter(header, now); got != v.want {
			t.Errorf("%q at %q: %s, want %s", v.value, v.date, got, v.want)
		}
	}
}
