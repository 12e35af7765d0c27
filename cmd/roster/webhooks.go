package main

import (
	"time"

	"roster/models"
	"roster/webhooks"
)

const day = 24 * time.Hour

// guard says where webhooks may be sent. Plain HTTP goes to the private networks that are allowed, and elsewhere only if that is wanted.
func (c *config) guard() *webhooks.Guard {
	return webhooks.NewGuard(webhooks.GuardConfig{Allow: c.privateTargets, PlainHTTP: c.webhookPlainHTTP})
}

// guardWebhooks makes a database refuse endpoints that nothing could be sent to.
func (c *config) guardWebhooks(cfg *models.Config) {
	cfg.MaxWebhooks = c.webhooks
	cfg.CheckWebhookEventType = webhooks.CheckSubscription
	cfg.AnswerRetention = time.Duration(c.webhookAnswers) * day
	cfg.CheckWebhookURL = c.guard().CheckURL
}

// deliverWebhooks runs the worker beside the servers. It begins to end with them, in the same period of grace; what the last requests
// changed is left to the next start, or to another replica.
func (a *app) deliverWebhooks() {
	sender := webhooks.NewSender(webhooks.SenderConfig{
		Guard: a.cfg.guard(), Timeout: a.cfg.webhookTimeout, UserAgent: "Roster-Webhooks/" + version(), Proxy: a.cfg.webhookProxy,
		IdleConns: a.cfg.webhookSlots, IdleConnsPerHost: a.cfg.webhookLaneCap,
	})
	a.onStop(func() error {
		sender.Close()
		return nil
	})
	worker := webhooks.NewWorker(a.db, webhooks.WorkerConfig{
		Sender: sender, Logger: a.logger, Metrics: webhooks.NewMetrics(a.metrics.Registry()),
		Slots: a.cfg.webhookSlots, LaneCap: a.cfg.webhookLaneCap, Lease: max(time.Minute, 3*a.cfg.webhookTimeout), Poll: time.Second,
		Grace:     a.cfg.shutdownGrace,
		Retention: time.Duration(a.cfg.webhookRetention) * day, HeadRetention: time.Duration(a.cfg.webhookAnswers) * day,
	})
	a.atOnce = append(a.atOnce, a.background(worker.Run))
}
