package handlers

import "time"

// Waiting returns how many requests wait for events.
func (a *API) Waiting() int {
	return a.waits.Taken()
}

// Exporting returns how many exports run.
func (a *API) Exporting() int {
	return a.exports.Taken()
}

// StallAfter sets how long a client may take nothing of an export, for those that begin later.
func (a *API) StallAfter(d time.Duration) { a.exportStall = d }
