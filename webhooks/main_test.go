package webhooks

import (
	"testing"

	"go.uber.org/goleak"
)

// Whatever a receiver does, no goroutine of ours may outlive its exchange.
// The connection that makes the test databases lives as long as this process. pgx begins to read on it in the background when a statement
// is slow to send, and goes on until it is closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgconn/internal/bgreader.(*BGReader).bgRead"))
}
