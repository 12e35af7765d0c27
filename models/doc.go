// Package models says what is true: what an organization, a user, a key or an event is, who may see it, and the writes that keep it true.
// Every write records its event, its counters and its closure rows in the same transaction. Resources are read with collection.List and
// collection.Find, of what is declared here.
//
// It speaks kinds of error (store.NotFound, store.Conflict on a field …) and never HTTP: only the front doors know status numbers.
//
// One code runs on two databases. PostgreSQL and SQLite share the SQL wherever they can; where they cannot, the difference is a function
// of the DB with a name that says what it does.
package models
