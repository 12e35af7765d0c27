// Package models holds the rows of the service: what an organization, a user, a key or an event is, the queries that find them and the
// writes that keep them true. Every write records its event, its counters and its closure rows in the same transaction.
//
// It speaks kinds of error (NotFound, Conflict on a field …) and never HTTP: only the front doors know status numbers. What a caller may
// see is a Scope, an argument of every query, without a default: the zero Scope sees nothing.
//
// One code runs on two databases. PostgreSQL and SQLite share the SQL wherever they can; where they cannot, the difference is a function
// of the DB with a name that says what it does.
package models
