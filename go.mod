module roster

go 1.26

require github.com/google/jsonapi v1.0.0

require github.com/google/go-cmp v0.7.0 // indirect

// The module proxy serves no archive of this version everywhere; third_party/README.md says how the copy is proven to be it.
replace github.com/google/jsonapi => ./third_party/google-jsonapi
