// Package memberships is the front door for clients of an API that others have published (seed 001): which organizations is the user of a
// browser's session a member of, and as what? It answers with one envelope, errors included.
package memberships
