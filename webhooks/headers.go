package webhooks

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"
)

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
