package main

import (
	"time"

	"roster/mail"
)

const (
	mailTimeout = 30 * time.Second
	mailSlots   = 4
	mailGrace   = time.Second // a mail that is cut off is sent by whoever runs next, so a stop need not wait for a server that hangs
)

// sendMails runs the worker beside the servers, if there is a mail server. It begins to end with them.
func (a *app) sendMails() {
	if a.cfg.mailServer == nil {
		return
	}
	worker := mail.NewWorker(a.db, mail.WorkerConfig{
		Sender: mail.NewSender(*a.cfg.mailServer, a.cfg.mailFrom, mailTimeout), Logger: a.logger,
		Slots: mailSlots, Poll: time.Second, Grace: mailGrace,
	})
	a.atOnce = append(a.atOnce, a.background(worker.Run))
	a.cuts = append(a.cuts, cut{"mails", worker.CutOff})
}
