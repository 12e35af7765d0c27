package webhooks

import (
	"context"
	"time"

	"roster/models/store"
)

const (
	channel    = "roster_webhooks"
	tellPause  = 20 * time.Millisecond // between two notifications, so that thousands of commits make a few
	listenWait = 5 * time.Second       // before listening again, when the connection broke; polling goes on
)

// tell lets other replicas know that there is something for them. Never inside the transaction of a change: PostgreSQL would let all such
// transactions commit one after the other.
func (w *Worker) tell(ctx context.Context) {
	for {
		select {
		case <-w.told:
		case <-ctx.Done():
			return
		}
		if err := store.Notify(ctx, w.db, channel, w.id); err != nil {
			w.failing(ctx, "tell other replicas", err)
		}
		if !sleep(ctx, tellPause) {
			return
		}
	}
}

// listen hears of what other replicas have for this one.
func (w *Worker) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := store.Listen(ctx, w.db, channel, func(from string) {
			if from != w.id {
				w.Wake()
			}
		})
		if err != nil && ctx.Err() == nil {
			w.failing(ctx, "listen to other replicas", err)
			sleep(ctx, listenWait)
		}
	}
}
