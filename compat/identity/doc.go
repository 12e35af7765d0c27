// Package identity is the front door of an identity API below /v1/identity: organizations are listed, made, read and renamed there by
// clients that were written for it (docs/dialects.md). It translates, and decides nothing: who may do what, and what a change is, is said
// in package models.
package identity
