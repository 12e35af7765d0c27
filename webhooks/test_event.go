package webhooks

import (
	"context"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

// SendTest sends a webhook.test to one endpoint, whatever it subscribes to, and to no other, and returns the delivery, which is on its way.
// While one is pending, it is returned instead of a second one. It fails with Conflict if the endpoint is not active.
func SendTest(ctx context.Context, db *store.DB, by models.Caller, id string) (*models.WebhookDelivery, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (*models.WebhookDelivery, error) {
		w, err := models.LockForTest(ctx, tx, by, id)
		if err != nil {
			return nil, err
		}
		if d, err := queue.PendingTest(ctx, tx, id); err != nil || d != nil {
			return d, err
		}
		event, err := models.RecordTest(ctx, tx, by, w)
		if err != nil {
			return nil, err
		}
		message := &models.Message{Event: event, Owner: w.OrganizationID}
		if err := models.DescribeMessages(ctx, tx, []*models.Message{message}); err != nil {
			return nil, err
		}
		if message.Body, err = RenderMessage(message); err != nil {
			return nil, err
		}
		return queue.InsertTest(ctx, tx, w, message)
	})
}
