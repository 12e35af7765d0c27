package models_test

import (
	"testing"

	"roster/models"
)

func TestHeadersThatAnEndpointMayHave(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"Authorization": "Bearer x", "x-tenant": "1", "Accept-Language": "de"} {
		if err := models.CheckHeader(name, value); err != nil {
			t.Error(err)
		}
	}
	for name, value := range map[string]string{
		"": "x", "a b": "x", "a:": "x", "X-A": "a\nb", "X-B": "a\x00", "Host": "x", "content-length": "1",
		"Content-Type": "x", "USER-AGENT": "x",
		"Webhook-Anything": "x", "webhook-id": "x", "Transfer-Encoding": "chunked", "Connection": "close",
		"Proxy-Authorization": "x", "Expect": "100-continue",
	} {
		if models.CheckHeader(name, value) == nil {
			t.Errorf("%q: %q was taken", name, value)
		}
	}
}
