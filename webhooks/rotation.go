package webhooks

// rotation is the lanes that may have an attempt to start, in three lists. A lane is in one of them at most, as lane.inRotation says.
// It leaves them when it turns out that it cannot start anything, and whatever changes that adds it again.
type rotation struct {
	ready   []*heldLane              // in the order of their turns
	paced   []*heldLane              // until their rate permits an attempt
	crowded map[standing][]*heldLane // until there is a slot that they may have
}

func newRotation() rotation { return rotation{crowded: map[standing][]*heldLane{}} }

// add puts a lane behind the others, unless it is in a list already.
func (r *rotation) add(lane *heldLane) {
	if !lane.inRotation && !lane.leaseLost {
		lane.inRotation = true
		r.ready = append(r.ready, lane)
	}
}

// next takes out the lane whose turn it is. There must be one.
func (r *rotation) next() *heldLane {
	lane := r.ready[0]
	if r.ready = r.ready[1:]; len(r.ready) == 0 {
		r.ready = nil
	}
	lane.inRotation = false
	return lane
}

// pace keeps a lane that next returned until resumePaced.
func (r *rotation) pace(lane *heldLane) {
	lane.inRotation = true
	r.paced = append(r.paced, lane)
}

// crowd keeps a lane that next returned until readmit.
func (r *rotation) crowd(lane *heldLane) {
	lane.inRotation = true
	r.crowded[lane.seat.standing] = append(r.crowded[lane.seat.standing], lane)
}

// resumePaced lets all lanes try that waited for their rate.
func (r *rotation) resumePaced() {
	for _, lane := range r.paced {
		lane.inRotation = false
		r.add(lane)
	}
	r.paced = nil
}

// readmit lets lanes try that waited for a slot, except those that still have to wait.
func (r *rotation) readmit(mustWait func(*heldLane) bool) {
	for of, lanes := range r.crowded {
		kept := lanes[:0]
		for _, lane := range lanes {
			if lane.seat.standing == of && mustWait(lane) {
				kept = append(kept, lane)
				continue
			}
			lane.inRotation = false
			r.add(lane)
		}
		clear(lanes[len(kept):])
		r.crowded[of] = kept
	}
}
