module roster

go 1.26.0

require github.com/google/jsonapi v1.0.0

require (
	code.dny.dev/ssrf v0.3.0
	github.com/google/go-cmp v0.7.0
	github.com/miekg/dns v1.1.73
	github.com/standard-webhooks/standard-webhooks/libraries v0.0.1
	go.uber.org/goleak v1.3.0
	golang.org/x/net v0.62.0
)

require (
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

// The module proxy serves no archive of this version everywhere; third_party/README.md says how the copy is proven to be it.
replace github.com/google/jsonapi => ./third_party/google-jsonapi
