package models

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"

	"roster/models/store"
)

// maxHeaders bounds the headers of an endpoint: receivers commonly take 8 KiB of them all in all.
const maxHeaders = 4 << 10

// checkHeaders holds the rules of the headers of an endpoint. They are told by their place, because any part of one may be a credential.
func checkHeaders(headers []string) (errs store.Errors) {
	invalid := func(message string, args ...any) {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: "headers", Message: fmt.Sprintf(message, args...)})
	}
	if n := len(strings.Join(headers, "")); n > maxHeaders {
		invalid("headers may have %d bytes together, not %d.", maxHeaders, n)
	}
	places := map[string]int{} // by name
	for i, header := range headers {
		name, value, ok := strings.Cut(header, ":")
		first, again := places[strings.ToLower(name)]
		switch {
		case !ok:
			invalid("Header %d is not of the form Name: value.", i+1)
		case again:
			invalid("Header %d has the name of header %d.", i+1, first)
		default:
			if err := CheckHeader(name, strings.TrimSpace(value)); err != nil {
				invalid("Header %d cannot be used: %s.", i+1, err)
			}
		}
		if !again {
			places[strings.ToLower(name)] = i + 1
		}
	}
	return errs
}

// CheckHeader returns nil if an endpoint may have that custom header. Refused are names that decide where a request ends or what
// it is, names that belong to a connection (RFC 9110, section 7.6.1), everything of Standard Webhooks, and whatever could break
// out of its line. The error repeats neither: people put credentials on the wrong side of the colon.
func CheckHeader(name, value string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return errors.New("its name is none that a header can have")
	}
	if !httpguts.ValidHeaderFieldValue(value) {
		return errors.New("its value has characters that are not permitted")
	}
	lower := strings.ToLower(name)
	switch lower {
	case "host", "content-length", "content-type", "content-encoding", "user-agent", "accept-encoding",
		"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "http2-settings":
		return fmt.Errorf("%s is set by the sender", lower)
	}
	for _, prefix := range []string{"webhook-", "proxy-"} {
		if strings.HasPrefix(lower, prefix) {
			return fmt.Errorf("what begins with %s is set by the sender", prefix)
		}
	}
	return nil
}
