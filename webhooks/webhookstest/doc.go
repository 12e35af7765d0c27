// Package webhookstest is the other end of the wire, for tests: a receiver that misbehaves as scripted over real TCP and TLS, and
// a DNS server that answers as told. Both listen on loopback, record what they see, and end with the test.
//
// It knows nothing of package webhooks. What it receives it verifies with the official Standard Webhooks library, so that a mistake
// in our own signer cannot vouch for itself.
package webhookstest
