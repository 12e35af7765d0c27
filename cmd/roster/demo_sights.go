package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/webhooks"
)

// printSights tells what of the story is worth a look, and where. It says nothing that depends on the day.
func (s *story) printSights(ctx context.Context, db *store.DB, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "\nWorth a look at %s, as its owner:\n\n", s.company.Name)
	for _, sight := range []struct {
		where, what     string
		endpoint, state string // has deliveries in that state; "" if that does not matter
	}{
		{"webhooks", "Access control has failed for eight hours, each time for another reason, and events wait for it",
			"Access control", models.DeliveryPending},
		{"", "Reporting broke down and is back, slow: in probation until it is trusted again",
			"Reporting", models.DeliverySucceeded},
		{"", "Old intranet said that it is gone, and is disabled", "Old intranet", models.DeliveryPending},
		{"", "Data warehouse is paused: what it missed goes out when it is resumed", "Data warehouse", models.DeliveryPending},
		{"", "Payroll does well, but for a night nine days ago: of what failed then one was sent again",
			"Payroll", models.DeliveryFailed},
		{"keys", "Door controllers has a new secret, and the old one is still used", "", ""},
		{"", "Badge terminals ends in six days, Data migration never ends and was never used", "", ""},
		{"invitations", "external.auditor@… has less than a day left", "", ""},
		{"events", "four weeks; a project was made, moved and deleted, another organization moved, and one ended", "", ""},
	} {
		if sight.state != "" {
			var n int64
			err := models.WebhookDeliveries.From(ctx, db, collection.Condition("webhook_id = ? AND state = ?",
				s.endpoints[sight.endpoint].ID, sight.state)).Count(&n).Error
			if err != nil {
				return fmt.Errorf("count deliveries of the demo: %w", err)
			}
			if n == 0 {
				continue
			}
		}
		fmt.Fprintf(table, "%s\t%s\n", sight.where, sight.what)
	}
	fmt.Fprintf(table, "\nNothing is sent to these endpoints, then or now: their hosts end in %q, which no host does.\n",
		webhooks.InvalidDomain)
	return table.Flush()
}
