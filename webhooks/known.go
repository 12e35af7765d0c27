package webhooks

// era is a time at the end of which everybody has come back who looked into the database before it began. What was written in one era can
// still be brought, as something to send, by whoever looked in it, until the next one ends. The zero value is the first one.
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

// known are deliveries of one lane that must not be queued a second time, whoever brings them.
type known struct {
	busy   map[string]struct{} // in the queue, under way, or not written yet
	recent map[string]struct{} // written in this era: whoever looked before may still bring them
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
