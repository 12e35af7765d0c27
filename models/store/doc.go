// Package store makes two databases one: opening, the difference between the dialects, transactions and what they count and tell after the
// commit, migrations, the clock and the vault. It knows no resource.
package store
