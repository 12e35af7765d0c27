// Package auth is the front door of a published list of organizations, below /api/v2/auth: the heads that a person sees, one organization
// with those right below it, or a search through all that they see. It only reads: a form of questions and of answers. Who sees what, and
// what is searched, is said in package models.
//
// Whatever the caller may not have is 401 there, the same bytes for all of it: an organization that is not there, one that they do not see,
// and a key that does not work.
package auth
