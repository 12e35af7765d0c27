// The suite is a module of its own: it builds and runs without Roster, and what Roster needs is none of its business.
module roster/conformance

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	golang.org/x/text v0.43.0
)
