package main

import (
	"time"

	"roster/console"
	"roster/models"
	"roster/models/target"
	"roster/webhooks"
)

const day = 24 * time.Hour

// targets says where webhooks may be sent. Plain HTTP goes to the private networks that are allowed, and elsewhere only if that is wanted.
func (c *config) targets() target.Rules {
	return target.Rules{Allow: c.privateTargets, PlainHTTP: c.webhookPlainHTTP}
}

// allowed returns what the installation allows.
func (c *config) allowed() models.Allowed {
	doors := ""
	if console.Built {
		doors = console.Path
	}
	return models.Allowed{
		WebhookTargets: c.targets(), MaxWebhooks: c.webhooks, AnswerRetention: time.Duration(c.webhookAnswers) * day,
		Mails: c.mailServer != nil, BaseURL: c.baseURL, Console: doors,
		Sessions: c.sessions, PasswordWork: c.passwordWork,
		Files:                    models.FileRules{URLLifetime: c.fileURLs},
		UsersCreateOrganizations: c.usersCreate,
	}
}

// deliverWebhooks runs the worker beside the servers. It begins to end with them, in the same period of grace; what the last requests
// changed is left to the next start, or to another replica.
func (a *app) deliverWebhooks() {
	sender := webhooks.NewSender(webhooks.SenderConfig{
		Targets: a.cfg.targets(), Timeout: a.cfg.webhookTimeout, UserAgent: "Roster-Webhooks/" + version(), Proxy: a.cfg.webhookProxy,
		IdleConns: a.cfg.webhookSlots, IdleConnsPerHost: a.cfg.webhookLaneCap,
	})
	a.onStop(func() error {
		sender.Close()
		return nil
	})
	worker := webhooks.NewWorker(a.db, webhooks.WorkerConfig{
		Sender: sender, Logger: a.logger, Metrics: webhooks.NewMetrics(a.metrics.Registry()), Tracer: a.tracer,
		Slots: a.cfg.webhookSlots, LaneCap: a.cfg.webhookLaneCap, Lease: max(time.Minute, 3*a.cfg.webhookTimeout), Poll: time.Second,
		Grace:     a.cfg.shutdownGrace,
		Retention: time.Duration(a.cfg.webhookRetention) * day, HeadRetention: time.Duration(a.cfg.webhookAnswers) * day,
	})
	a.atOnce = append(a.atOnce, a.background(worker.Run))
	a.cuts = append(a.cuts, cut{"webhooks", worker.CutOff})
}
