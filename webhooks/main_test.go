package webhooks

import (
	"testing"

	"go.uber.org/goleak"
)

// Whatever a receiver does, no goroutine of ours may outlive its exchange.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
