package handlers

import "time"

// Waiting returns how many requests wait for events.
func (a *API) Waiting() int {
	a.waits.mu.Lock()
	defer a.waits.mu.Unlock()
	return a.waits.all
}

// Exporting returns how many exports run.
func (a *API) Exporting() int {
	a.exports.mu.Lock()
	defer a.exports.mu.Unlock()
	return a.exports.all
}

// StallAfter sets how long a client may take nothing of an export, for those that begin later.
func (a *API) StallAfter(d time.Duration) { a.exportStall = d }
