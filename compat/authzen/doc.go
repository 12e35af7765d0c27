// Package authzen is the front door of the OpenID AuthZEN Authorization API 1.0: programs ask who may do what where, and search by it.
// It reads questions and writes answers; every decision is that of package models. It never changes anything.
//
// A subject of the type user is a user. A resource of the type organization is an organization; one of any other type is in the
// organization that its property organizationId names. What an action needs there is a word, see [question.permission].
package authzen
