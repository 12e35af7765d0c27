package webhooks

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	jitter        = 0.2            // of every wait, up and down, so that what failed together does not return together
	maxRetryAfter = 24 * time.Hour // no receiver can park its lane for longer with one answer
)

// Schedule holds the wait before each attempt at a delivery, none before the first; its length is the number of attempts.
type Schedule []time.Duration

// DefaultSchedule is the example of Standard Webhooks: ten attempts, the last 75 hours, 35 minutes and 5 seconds after the first.
func DefaultSchedule() Schedule {
	return Schedule{
		0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour,
		5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// After returns how long to wait after the attempt with that number has failed, and false if it was the last. roll is a random
// number in [0,1) and decides where in the jitter the wait falls.
func (s Schedule) After(attempt int, roll float64) (time.Duration, bool) {
	if attempt < 0 || attempt >= len(s) {
		return 0, false
	}
	return jittered(s[attempt], roll), true
}

func jittered(wait time.Duration, roll float64) time.Duration {
	return time.Duration(float64(wait) * (1 - jitter + 2*jitter*roll))
}

// retryAfter reads the header Retry-After, seconds or a date (RFC 9110, section 10.2.3). It returns 0 for dates in the past and for
// whatever is neither. A date is held against the receiver's own clock where the answer shows it, and against now otherwise.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter // a number too long to read is a long wait all the same
		}
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(header.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(until.Sub(now), 0), maxRetryAfter)
}
