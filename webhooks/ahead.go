package webhooks

import (
	"time"

	"roster/models/store"
	"roster/webhooks/queue"
)

const mostAhead = 64 // endpoints that a fan-out reads

// readAhead is what a fan-out knows of endpoints that it has read for the loop. It asks for them together with what it writes: the loop
// would have to ask for them afterwards, while a delivery waits.
type readAhead struct {
	read map[string]reading
}

// reading is when an endpoint was read.
type reading struct {
	at         time.Time
	generation uint64
}

// ask returns the question for the endpoints that the loop may not know well enough any more.
func (r *readAhead) ask(tx *store.DB, webhooks []string, now reading) *queue.Endpoints {
	var ids []string
	for _, id := range webhooks {
		last, ok := r.read[id]
		if ok && last.generation == now.generation && now.at.Sub(last.at) <= endpointAge/2 {
			continue
		}
		if ids = append(ids, id); len(ids) == mostAhead {
			break
		}
	}
	return queue.AskForEndpoints(tx, ids)
}

// took notes what was handed to the loop.
func (r *readAhead) took(endpoints map[string]*endpoint, most int) {
	if r.read == nil || len(r.read)+len(endpoints) > most {
		r.read = map[string]reading{}
	}
	for id, e := range endpoints {
		r.read[id] = reading{e.readAt, e.generation}
	}
}
