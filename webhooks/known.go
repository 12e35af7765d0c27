package webhooks

// era is a stretch of time that no reader of the database outlasts: it ends when every fetch and fan-out that was under way when it began
// has come back. A delivery that is written in one era may still be brought, as something to send, by a reader that began before; that
// one has come back when the next era ends. The zero value is the first era.
type era struct {
	n int
	// When it began.
	fetchUnderWay bool
	fetches       int
	fanOuts       int64
}

// next returns the era that the loop is in, given how many fetches and fan-outs are over and whether a fetch is under way. A fan-out may
// always be.
func (e era) next(fetchUnderWay bool, fetches int, fanOuts int64) era {
	if fanOuts <= e.fanOuts || e.fetchUnderWay && fetches <= e.fetches {
		return e
	}
	return era{n: e.n + 1, fetchUnderWay: fetchUnderWay, fetches: fetches, fanOuts: fanOuts}
}

// known are deliveries of one lane that must not be queued a second time, by a fetch or by a fan-out.
type known struct {
	busy   map[string]struct{} // in the queue, under way, or not written yet
	recent map[string]struct{} // written in this era: a reader that began before may still bring them
	older  map[string]struct{} // written in the one before
	era    int                 // of recent
}

// add notes a delivery that is queued in an era. It returns false if it is known already.
func (k *known) add(id string, era int) bool {
	k.age(era)
	for _, ids := range []map[string]struct{}{k.busy, k.recent, k.older} {
		if _, ok := ids[id]; ok {
			return false
		}
	}
	if k.busy == nil {
		k.busy = map[string]struct{}{}
	}
	k.busy[id] = struct{}{}
	return true
}

// written notes that what became of a delivery was written in an era.
func (k *known) written(id string, era int) {
	k.age(era)
	delete(k.busy, id)
	if k.recent == nil {
		k.recent = map[string]struct{}{}
	}
	k.recent[id] = struct{}{}
}

// forget makes a delivery one that nothing was done about: it can be brought again.
func (k *known) forget(id string) { delete(k.busy, id) }

// age forgets what was written two eras ago.
func (k *known) age(era int) {
	if k.era == era {
		return
	}
	k.older = k.recent
	if k.era < era-1 {
		k.older = nil
	}
	k.recent, k.era = nil, era
}
