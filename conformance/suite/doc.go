// Package suite is a black-box conformance suite for JSON:API 1.1, the Atomic
// Operations extension and the Cursor Pagination profile.
//
// A server that obeys the text passes: a row demands no more than a sentence of the specification does, and what
// is merely sensible is an expectation of level PICK. A row is tried on every resource that can show its rule.
//
// It knows a server only by its base URL and a Description of its resources.
// It speaks plain HTTP, creates the data it needs under unique names, deletes it
// afterwards, and assumes nothing else about what the server holds.
//
// Every rule is a Row: an id, a level, one sentence, the section of the
// specification it comes from, and either a test or the reason why no test from
// outside can exist. Run returns one Result for each selected row.
//
// A passed row has made at least one check that could have failed: a row whose
// subject never appeared is reported as not applicable.
package suite
