package main

import (
	"time"

	"roster/mail"
)

const (
	mailTimeout = 30 * time.Second
	mailSlots   = 4
)

// sendMails runs the worker beside the servers, if there is a mail server. It begins to end with them, in the same period of grace.
func (a *app) sendMails() {
	if a.cfg.mailServer == nil {
		return
	}
	worker := mail.NewWorker(a.db, mail.WorkerConfig{
		Sender: mail.NewSender(*a.cfg.mailServer, a.cfg.mailFrom, mailTimeout), Logger: a.logger,
		Slots: mailSlots, Poll: time.Second, Grace: a.cfg.shutdownGrace,
	})
	a.atOnce = append(a.atOnce, a.background(worker.Run))
}
