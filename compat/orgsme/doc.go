// Package orgsme is the front door for clients of an API that others have published (seed 000): all organizations that an account reaches,
// in one list without pages, and the exchange of a key for the tokens that such clients call with.
package orgsme
