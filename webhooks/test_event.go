package webhooks

import (
	"context"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

// SendTest sends a test to one endpoint, whatever it subscribes to, and to no other, and returns the delivery, which is on its way. What is
// recorded of it is a webhook.test, and so is what is sent, unless another type is named: then it is an example of that type, of things
// that there are not, under the name of the organization. While one of the same type is pending, it is returned instead of a second one.
//
// It fails with Conflict if the endpoint is not active, and with Invalid if there is no type of that name.
func SendTest(ctx context.Context, db *store.DB, by models.Caller, id, eventType string) (*models.WebhookDelivery, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (*models.WebhookDelivery, error) {
		w, err := models.LockForTest(ctx, tx, by, id)
		if err != nil {
			return nil, err
		}
		typ, known := models.FindEventType(eventType)
		if !known {
			return nil, &store.Error{Kind: store.Invalid, Field: "eventType", Message: "There is no type of event of that name."}
		}
		if d, err := queue.PendingTest(ctx, tx, id, typ.Name); err != nil || d != nil {
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
		if message.Body, err = renderTest(message, typ); err != nil {
			return nil, err
		}
		return queue.InsertTest(ctx, tx, w, message, typ.Name)
	})
}

// renderTest returns the body of a test with a type of event.
func renderTest(m *models.Message, t models.EventType) ([]byte, error) {
	envelope := envelopeOf(m)
	if !t.IsTest() {
		example, err := Example(t)
		if err != nil {
			return nil, err
		}
		envelope.Type, envelope.Data, envelope.Changes = t.Name, example.Data, example.Changes
	}
	return envelope.Render(DefaultBodyLimit)
}
