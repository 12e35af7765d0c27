package handlers

// Waiting returns how many requests wait for events.
func (a *API) Waiting() int {
	a.waits.mu.Lock()
	defer a.waits.mu.Unlock()
	return a.waits.all
}
