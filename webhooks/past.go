package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"roster/models"
	"roster/models/store"
	"roster/webhooks/queue"
)

// Reply is what a receiver of a [Past] does with an attempt: it answers with a status, or nothing comes back.
type Reply struct {
	Status int
	Header http.Header
	Body   string
	// Failure is why no answer came: CodeDNSError, CodeConnectionRefused or CodeTimeout.
	Failure Code
	Took    time.Duration
}

// Past tells what became of events long ago: it makes deliveries of them and writes down attempts that nobody made, by the rules and the
// statements of a [Worker]. So a database that is filled has a history that a worker could have left, and one that begins later goes on
// with it. Nothing is sent. It is for one transaction, with a clock of the time that is told of.
type Past struct {
	replies   map[string]func(at time.Time) Reply // by endpoint
	rand      *rand.Rand
	sender    Sender
	signings  signings
	endpoints []string
}

// NewPast returns a past in which nobody receives anything yet. What is left to chance comes from r.
func NewPast(userAgent string, r *rand.Rand) *Past {
	return &Past{replies: map[string]func(time.Time) Reply{}, rand: r, sender: Sender{userAgent: userAgent}, signings: signings{}}
}

// Receive says how an endpoint replies to what is sent to it at a time. Endpoints of which it is not said get no attempt.
func (p *Past) Receive(webhook string, reply func(at time.Time) Reply) {
	if p.replies[webhook] == nil {
		p.endpoints = append(p.endpoints, webhook)
	}
	p.replies[webhook] = reply
}

// Until tells what became, by a time, of the events that were recorded and of the deliveries that were pending. It is called with later
// and later times; the transaction's clock is not read.
func (p *Past) Until(ctx context.Context, tx *store.DB, until time.Time) error {
	tx = tx.At(until)
	w := &Worker{db: tx, cfg: WorkerConfig{Logger: slog.New(slog.DiscardHandler)}}
	for claim := (queue.EventClaim{Limit: 500}); ; {
		n, err := w.fanOutPast(ctx, claim)
		if err != nil {
			return err
		}
		if n < claim.Limit {
			break
		}
	}
	for {
		lanes, err := p.lanes(ctx, w)
		if err != nil {
			return err
		}
		attempts := 0
		for _, lane := range lanes {
			if err := p.attempt(ctx, lane, until); err != nil {
				return err
			}
			if err := lane.write(ctx, tx); err != nil {
				return err
			}
			attempts += len(lane.settled)
		}
		if attempts == 0 { // and what has none left waits for a later time
			return nil
		}
	}
}

// fanOutPast makes deliveries of events as fanOut does. They are due when the events happened, and nobody's yet.
func (w *Worker) fanOutPast(ctx context.Context, claim queue.EventClaim) (claimed int, err error) {
	taken, err := queue.ClaimEvents(ctx, w.db, claim)
	if err != nil {
		return 0, err
	}
	events := slices.DeleteFunc(slices.Clone(taken.Events), func(e *models.QueuedEvent) bool {
		return e.OrganizationID == "" || e.IsTest()
	})
	subscribers, err := models.FindSubscribers(ctx, w.db, events, taken.Numbers...)
	if err != nil {
		return 0, err
	}
	plan, err := w.match(ctx, w.db, events, subscribers)
	if err != nil {
		return 0, err
	}
	for _, d := range plan.deliveries {
		d.DueAt = &d.CreatedAt
	}
	lanes, _, err := plan.insert(ctx, w.db, nil)
	if err != nil {
		return 0, err
	}
	if len(plan.deliveries) > 0 {
		if len(lanes) < len(plan.webhooks) {
			if err := cancelGone(ctx, w.db, plan.webhooks, lanes); err != nil {
				return 0, err
			}
		}
		if err := queue.WakeLanes(ctx, w.db, plan.webhooks); err != nil {
			return 0, err
		}
	}
	return len(taken.Events), subscribers.ForgetMoves(ctx, w.db)
}

// pastLane is the lane of an endpoint for one call of Until.
type pastLane struct {
	holding  queue.Holding
	state    Lane
	endpoint *endpoint
	due      []*queue.DueDelivery
	payloads map[models.MessageKey]queue.Payload
	settled  []*queue.Settlement // in the order of the attempts
	signings []queue.Signing
	disable  DisableReason
	at       time.Time // when the last attempt ended
}

// lanes leases the lanes of active endpoints that something is due for.
func (p *Past) lanes(ctx context.Context, w *Worker) ([]*pastLane, error) {
	rows, err := queue.LockLanes(ctx, w.db, p.endpoints)
	if err != nil {
		return nil, err
	}
	endpoints, _, err := w.readEndpoints(ctx, p.endpoints, 0)
	if err != nil {
		return nil, err
	}
	lease := queue.Lease{Token: uuid.NewString(), Until: w.db.Now().Add(time.Hour)}
	var ids []string
	var searches []queue.DueSearch
	lanes := map[string]*pastLane{}
	for _, row := range rows {
		if e := endpoints[row.WebhookID]; e != nil && e.Status == models.WebhookActive {
			held := queue.Holding{WebhookID: row.WebhookID, Token: lease.Token}
			lanes[row.WebhookID] = &pastLane{holding: held, state: Lane(row.LaneState), endpoint: e}
			ids, searches = append(ids, row.WebhookID), append(searches, queue.DueSearch{Holding: held, Limit: 10_000})
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := queue.LeaseLanes(ctx, w.db, lease, ids); err != nil {
		return nil, err
	}
	due, err := queue.FindDue(ctx, w.db, searches)
	if err != nil {
		return nil, err
	}
	payloads, err := queue.FindPayloads(ctx, w.db, store.Column(due, (*queue.DueDelivery).Message))
	if err != nil {
		return nil, err
	}
	for _, d := range due {
		lanes[d.WebhookID].due = append(lanes[d.WebhookID].due, d)
	}
	all := make([]*pastLane, 0, len(ids))
	for _, id := range ids {
		lanes[id].payloads = payloads
		all = append(all, lanes[id])
	}
	return all, nil
}

// attempt makes the attempts of a lane until a time, one after the other, the first that is due first.
func (p *Past) attempt(ctx context.Context, lane *pastLane, until time.Time) error {
	for len(lane.due) > 0 && lane.disable == "" {
		first := 0
		for i, d := range lane.due {
			if d.DueAt.Before(lane.due[first].DueAt) {
				first = i
			}
		}
		d := lane.due[first]
		at := latest(d.DueAt.Add(time.Duration(20+p.rand.IntN(60))*time.Millisecond), lane.state.PausedUntil(), lane.at)
		if at.After(until) {
			return nil
		}
		a := &attempt{endpoint: lane.endpoint, delivery: d, at: at.Truncate(time.Microsecond)}
		var err error
		if a.result, err = p.reply(ctx, a, lane.payloads[d.Message()]); err != nil {
			return err
		}
		now := a.at.Add(a.result.Timings.Total)
		step := scheduleStep{attempt: d.RoundAttempts + 1, of: lane.endpoint.schedule, roll: p.rand.Float64()}
		verdict, state := judge(a.result, step, lane.state, now)
		lane.state, lane.at, lane.disable = state.measured(a.result, now), now, verdict.Disable
		if len(a.result.Sent) > 0 {
			for _, id := range p.signings.toNote(lane.endpoint.ids, a.at) {
				lane.signings = append(lane.signings, queue.Signing{SecretID: id, At: a.at})
			}
		}
		s := a.settlement(verdict, now)
		lane.settled = append(lane.settled, s)
		d.Attempts, d.RoundAttempts, d.DueAt = d.Attempts+1, s.RoundAttempts, verdict.NextAt
		if verdict.State != StatePending {
			lane.due = slices.Delete(lane.due, first, first+1)
		}
	}
	return nil
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// reply returns the result of an attempt to which the receiver of the endpoint replied.
func (p *Past) reply(ctx context.Context, a *attempt, payload queue.Payload) (Result, error) {
	request, err := p.sender.build(ctx, Request{
		URL: a.endpoint.URL, ID: a.delivery.EventID, At: a.at, Body: payload.Body, Secrets: a.endpoint.secrets, Header: a.endpoint.header,
	})
	if err != nil {
		return Result{}, err
	}
	reply := p.replies[a.delivery.WebhookID](a.at)
	r := Result{Started: a.at, Tries: 1, Timings: Timings{Total: reply.Took.Truncate(time.Microsecond)}}
	if reply.Failure == CodeDNSError || reply.Failure == CodeConnectionRefused {
		r.failed(pastError(reply.Failure), newExchange(request.URL.Scheme, request.URL.Host, a.at), false)
		return r, nil
	}
	r.Sent = sentOverHTTP1(request)
	t := &r.Timings
	t.DNS, t.Connect, t.TLS = t.Total/40, t.Total/12, t.Total/6
	t.Sent = t.DNS + t.Connect + t.TLS + time.Millisecond/4
	if reply.Failure != "" {
		t.DNS, t.Connect, t.TLS, t.Sent = 2*time.Millisecond, 9*time.Millisecond, 21*time.Millisecond, 33*time.Millisecond
		e := newExchange(request.URL.Scheme, request.URL.Host, a.at)
		e.note(func(p *progress) { p.connected, p.written = true, true })
		r.failed(pastError(reply.Failure), e, reply.Failure == CodeTimeout)
		return r, nil
	}
	t.FirstByte = t.Total - t.Total/20
	response := &http.Response{
		StatusCode: reply.Status, Status: statusLine(reply.Status), Proto: "HTTP/1.1", Header: reply.Header,
	}
	r.answered(response, []string{"Date", "Content-Type", "Server", "Retry-After"}, a.at.Add(t.Total))
	r.readHead(strings.NewReader(reply.Body))
	return r, nil
}

// pastError returns the error that brings about a failure.
func pastError(code Code) error {
	switch code {
	case CodeDNSError:
		return &net.DNSError{Err: "no such host", IsNotFound: true}
	case CodeConnectionRefused:
		return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case CodeTimeout:
		return context.DeadlineExceeded
	}
	return errors.New("the receiver replied in a way that a past does not have")
}

// sentOverHTTP1 returns the headers of a request in the order in which the standard library writes them.
func sentOverHTTP1(request *http.Request) [][2]string {
	sent := [][2]string{
		{"Host", request.Host}, {"User-Agent", request.UserAgent()}, {"Content-Length", strconv.FormatInt(request.ContentLength, 10)},
	}
	names := make([]string, 0, len(request.Header))
	for name := range request.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name == "User-Agent" {
			continue
		}
		for _, value := range request.Header[name] {
			sent = append(sent, [2]string{name, value})
		}
	}
	return sent
}

// write settles the attempts of a lane and gives it back. A delivery with several has them one after the other, in as many steps.
func (lane *pastLane) write(ctx context.Context, tx *store.DB) error {
	s := &queue.LaneSettlement{Holding: lane.holding, State: queue.LaneState(lane.state)}
	if s.State.Health == models.WebhookDisabled {
		s.State.Health = models.HealthProbation // the endpoint is disabled by a write of its own, as by a worker
	}
	for rest := lane.settled; len(rest) > 0; {
		var step, later []*queue.Settlement
		in := map[string]bool{}
		for _, a := range rest {
			if in[a.DeliveryID] {
				later = append(later, a)
			} else {
				in[a.DeliveryID], step = true, append(step, a)
			}
		}
		if _, err := queue.Settle(ctx, tx, step, []*queue.LaneSettlement{s}); err != nil {
			return err
		}
		rest = later
	}
	s.Release, s.Signings, s.Disable = true, lane.signings, string(lane.disable)
	if !lane.at.IsZero() {
		tx = tx.At(lane.at) // when it is disabled
	}
	_, err := queue.Settle(ctx, tx, nil, []*queue.LaneSettlement{s})
	return err
}

func statusLine(status int) string {
	return strconv.Itoa(status) + " " + http.StatusText(status)
}
