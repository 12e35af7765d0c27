// Package target is the rule of where webhooks may be sent: which URLs are saved, and which addresses are dialled. It is decided from
// settings alone: nothing here resolves a name, opens a connection or reads a database.
package target
