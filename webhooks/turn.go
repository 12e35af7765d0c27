package webhooks

import "time"

// What a lane may have in one turn while other lanes wait.
const (
	turnAttempts = 64
	turnTime     = 5 * time.Second
)

// turn is what a lane has had since it was leased.
type turn struct {
	began    time.Time
	attempts int
	ended    bool // no attempt begins any more; when what is under way has ended, the lane is given back
}

// used tells whether a turn has had what it may have while others wait. One without an attempt has not, however long ago it began.
func (t turn) used(now time.Time) bool {
	return t.attempts >= turnAttempts || t.attempts > 0 && now.Sub(t.began) >= turnTime
}
