// Package collection lists, finds and prints anything that is kept in a table and belongs to organizations: filters, sorting, pages and
// cursors, counting, relationships, inclusion, resource objects. It is written once, over a [Collection], which every resource declares of
// itself in package models; it knows none of them. It never writes.
//
// What a caller may see is a [Scope], an argument of every query, without a default: the zero Scope sees nothing. Of the schema of the
// database it knows the tree that scopes are parts of (organizations and organization_paths) and the counters, nothing else.
//
// What a caller can do something about is a [store.Error], of the kinds NotFound, Invalid and Forbidden; every other error is a failure of
// the database.
package collection
