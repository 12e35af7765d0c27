package mail

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"roster/models"
	"roster/models/store"
)

// WorkerConfig says how mails are sent.
type WorkerConfig struct {
	Sender *Sender
	Logger *slog.Logger
	// Slots is how many mails are under way at once. Poll is how often is looked for more.
	Slots int
	Poll  time.Duration
	// Grace is how long mails that are under way may take when the worker is to stop.
	Grace time.Duration
}

// Worker sends the mails of a database.
type Worker struct {
	db    *store.DB
	cfg   WorkerConfig
	slots chan struct{}

	wasCut atomic.Bool // at the end of the grace period
}

// NewWorker returns a worker that is not running.
func NewWorker(db *store.DB, cfg WorkerConfig) *Worker {
	return &Worker{db: db, cfg: cfg, slots: make(chan struct{}, cfg.Slots)}
}

// Run sends mails until ctx ends. Then it begins no other, waits for those that are under way, and cuts off what takes too long, which is
// sent again later.
func (w *Worker) Run(ctx context.Context) {
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var running sync.WaitGroup
	for w.acquire(ctx) {
		mails, err := models.ClaimMails(ctx, w.db, 1, w.lease())
		if err != nil && ctx.Err() == nil {
			w.cfg.Logger.ErrorContext(ctx, "mails not claimed", "error", err)
		}
		if len(mails) == 0 {
			<-w.slots
			sleep(ctx, w.cfg.Poll)
			continue
		}
		running.Go(func() {
			defer func() { <-w.slots }()
			w.deliver(sending, mails[0])
		})
	}
	grace := time.AfterFunc(w.cfg.Grace, func() {
		w.wasCut.Store(true)
		cut()
	})
	defer grace.Stop()
	running.Wait()
}

// CutOff reports whether Run, which has returned, has cut off mails that were still under way at the end of the grace period.
func (w *Worker) CutOff() bool { return w.wasCut.Load() }

// lease is how long a mail is kept from other replicas: longer than an attempt can take.
func (w *Worker) lease() time.Duration { return w.cfg.Sender.timeout + time.Minute }

// acquire waits for a slot; false means that ctx has ended.
func (w *Worker) acquire(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case w.slots <- struct{}{}:
		return ctx.Err() == nil
	}
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// deliver makes one attempt, and writes what became of it. Of who gets the mail the log says nothing.
func (w *Worker) deliver(ctx context.Context, m *models.Mail) {
	log := w.cfg.Logger.With("mail_id", m.ID, "kind", string(m.Kind), "attempt", m.Attempts)
	if m.Invitation != nil {
		log = log.With("invitation_id", *m.Invitation)
	}
	letter, wait, err := models.OpenMail(ctx, w.db, m)
	switch {
	case err == nil && wait > 0:
		err = models.PostponeMail(ctx, w.db, m, w.db.Now().Add(wait))
		log.InfoContext(ctx, "mail waits: the address has had enough for now", "for", wait.String())
	case err == nil && letter == nil:
		err = models.DropMail(ctx, w.db, m)
	case err == nil:
		err = w.send(ctx, log, m, letter)
	}
	if err == nil {
		return
	}
	log.ErrorContext(ctx, "mail not dealt with", "error", err) // its lease ends, and somebody tries again
	if _, again := nextTry(m.CreatedAt.Time, w.db.Now(), m.Attempts); !again {
		_ = models.DropMail(ctx, w.db, m) // in vain, it is tried once more
	}
}

// send hands a mail over, and notes what became of it. The error is one of the database.
func (w *Worker) send(ctx context.Context, log *slog.Logger, m *models.Mail, letter *models.Letter) error {
	message, err := Compose(m.ID, letter)
	if err == nil {
		err = store.Elsewhere(w.cfg.Sender.Send(ctx, message))
	}
	noting := context.WithoutCancel(ctx) // also when it is to stop: what became of the mail has happened
	switch {
	case err == nil:
		log.InfoContext(ctx, "mail sent")
		return models.DropMail(noting, w.db, m)
	case errors.Is(err, ErrRefused):
		log.WarnContext(ctx, "mail refused", "error", err)
		return models.DropMail(noting, w.db, m)
	case ctx.Err() != nil:
		log.InfoContext(ctx, "mail cut off: it is sent by whoever runs next")
		return models.PostponeMail(noting, w.db, m, w.db.Now())
	}
	at, again := nextTry(m.CreatedAt.Time, w.db.Now(), m.Attempts)
	if !again {
		log.ErrorContext(ctx, "mail given up", "error", err)
		return models.DropMail(ctx, w.db, m)
	}
	log.WarnContext(ctx, "mail not sent", "error", err, "next_at", at)
	return models.RetryMail(ctx, w.db, m, at)
}

// pauses are those between attempts; the last one repeats.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 4 * time.Hour}

// giveUpAfter is how old a mail can become.
const giveUpAfter = 24 * time.Hour

// nextTry returns when a mail that could not be sent is tried again after so many attempts; false means that it is too old by then.
func nextTry(created, now time.Time, attempts int) (at time.Time, again bool) {
	at = now.Add(pauses[min(attempts, len(pauses))-1])
	return at, !at.After(created.Add(giveUpAfter))
}
