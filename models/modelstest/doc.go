// Package modelstest gives every test real databases: an SQLite file and a PostgreSQL database, empty and migrated, of the test's own.
//
// Each runs a test on both; Open, Config and URL give one for tests that need less or more than that, such as two replicas on one
// database or a whole program in a process of its own. Nothing is ever skipped: a machine without a PostgreSQL server fails the test
// with a sentence that says what to install.
//
// PostgreSQL is the server that ROSTER_TEST_POSTGRES names (a URL of a role that may create databases), or else a throwaway cluster that
// this process starts from the binaries on the machine, in memory where there is room, and that ends with it, even when it is killed. The
// package is imported by tests only.
package modelstest
