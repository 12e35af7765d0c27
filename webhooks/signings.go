package webhooks

import (
	"time"

	"roster/models"
)

// signings remembers when it was last written down that secrets have signed, by their ids: one that signs all the time costs a write a
// minute.
type signings map[string]time.Time

const maxSignings = 10_000 // that are remembered; then all are written again

// toNote returns those of the secrets that signed at a time for which that is to be written.
func (s signings) toNote(secrets []string, at time.Time) (due []string) {
	for _, id := range secrets {
		if last, noted := s[id]; noted && at.Sub(last) < models.SecretUseSpan {
			continue
		}
		if len(s) >= maxSignings {
			clear(s)
		}
		s[id] = at
		due = append(due, id)
	}
	return due
}
