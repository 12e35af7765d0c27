package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// origin is where a request was made, as its browser tells.
type origin int

const (
	unknownOrigin origin = iota // no browser of today
	ourOrigin                   // a page of ours, or of an origin that is listed
	foreignOrigin
)

// originOf returns where a request was made. Sec-Fetch-Site decides where it is there (https://www.w3.org/TR/fetch-metadata/), otherwise
// host and port of Origin. An origin that is listed by name is as good as ours; the sign for any counts as none.
func originOf(r *http.Request, listed []string) origin {
	from := r.Header.Get("Origin")
	if from != "" && from != "null" && slices.Contains(listed, from) {
		return ourOrigin
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case site == "same-origin":
		return ourOrigin
	case site != "":
		return foreignOrigin
	case from == "":
		return unknownOrigin
	}
	page, err := url.Parse(from)
	if err != nil || page.Host == "" || !strings.EqualFold(page.Host, r.Host) {
		return foreignOrigin
	}
	return ourOrigin
}

// isSafe reports whether a method changes nothing (RFC 9110 §9.2.1).
func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// foreignPage is the refusal of what a page of another origin made a browser send.
func foreignPage() *Error {
	return &Error{Reason: Forbidden, Message: "With the cookie of a session this takes a request from a page of the same origin, or of " +
		"one " +
		"that is listed in --cors-origins."}
}
