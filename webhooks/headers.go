package webhooks

import (
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// CheckHeader returns nil if an endpoint may have that custom header. Refused are names that decide where a request ends or what
// it is, names that belong to a connection (RFC 9110, section 7.6.1), everything of Standard Webhooks, and whatever could break
// out of its line.
func CheckHeader(name, value string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("%q is not the name of a header", name)
	}
	if !httpguts.ValidHeaderFieldValue(value) {
		return fmt.Errorf("the value of the header %s has characters that are not permitted", name)
	}
	lower := strings.ToLower(name)
	switch lower {
	case "host", "content-length", "content-type", "content-encoding", "user-agent", "accept-encoding",
		"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "http2-settings":
		return fmt.Errorf("the header %s is set by the sender", name)
	}
	if strings.HasPrefix(lower, "webhook-") || strings.HasPrefix(lower, "proxy-") {
		return fmt.Errorf("the header %s is set by the sender", name)
	}
	return nil
}
