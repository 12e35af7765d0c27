package queue_test

import (
	"testing"

	"roster/models/modelstest"
	"roster/webhooks/queue"
)

func TestALaneHasTheColumnsOfItsTable(t *testing.T) {
	t.Parallel()
	modelstest.CompareColumns(t, &queue.LaneRow{})
}
