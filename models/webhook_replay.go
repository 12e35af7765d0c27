package models

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// WebhookReplay is a replay: failed deliveries of one endpoint again, or every event since a time that it would have got. It is worked off
// step by step beside live traffic, and survives restarts.
type WebhookReplay struct {
	ID               string          `gorm:"column:id;primaryKey" jsonapi:"primary,webhookReplays" doc:"A replay of events to one endpoint." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt        jsonapi.Stamp   `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it was created." example:"2024-08-20T10:45:07+00:00"`
	UpdatedAt        jsonapi.Stamp   `gorm:"column:updated_at;autoUpdateTime:false" jsonapi:"attr,updatedAt" rule:"readonly,filter" doc:"When it last came on." example:"2024-08-20T10:45:07+00:00"`
	Kind             string          `gorm:"column:kind" jsonapi:"attr,kind" rule:"createonly,enum=failed|events,filter" doc:"failed: deliveries that failed or were cancelled by the receiver; events: every event that the endpoint subscribes to and did not get." example:"failed"`
	IncludeDelivered bool            `gorm:"column:include_delivered" jsonapi:"attr,includeDelivered" rule:"createonly,filter" doc:"Of the kind events: whether those that the endpoint took already are sent again, too; for one that has lost its data." example:"false"`
	EventTypes       jsonapi.Strings `gorm:"column:event_types" jsonapi:"attr,eventTypes" rule:"createonly,max=50" doc:"Of the types that the endpoint gets, those to replay: user.created, user.* or *. An empty list is all of them." example:"user.*"`
	Since            jsonapi.Time    `gorm:"column:since" jsonapi:"attr,since" rule:"required,createonly,filter" doc:"The events from then on." example:"2024-08-20T00:00:00+00:00"`
	Until            jsonapi.Time    `gorm:"column:until" jsonapi:"attr,until" rule:"createonly,filter" doc:"The events before then; without it, until now." example:"2024-08-21T00:00:00+00:00"`
	State            string          `gorm:"column:state" jsonapi:"attr,state" rule:"enum=running|paused|done|cancelled,filter" doc:"running until it is done; a request can set paused, running again, or cancelled." example:"running"`
	Queued           int64           `gorm:"column:queued" jsonapi:"attr,queued" rule:"readonly" doc:"Deliveries begun so far." example:"120"`
	Examined         int64           `gorm:"column:examined" jsonapi:"attr,examined" rule:"readonly" doc:"Events, or deliveries of the kind failed, looked at so far." example:"450"`
	ReachedAt        *jsonapi.Stamp  `gorm:"column:reached_at" jsonapi:"attr,reachedAt" rule:"readonly" doc:"How far it has come between since and until: the time of the last that it looked at." example:"2024-08-20T08:30:00+00:00"`
	Outcome          *jsonapi.Raw    `gorm:"-" jsonapi:"attr,outcome" rule:"readonly" doc:"What has become of the deliveries that it began: how many are pending, succeeded, failed and cancelled. Present when one replay is read."`
	FinishedAt       *jsonapi.Stamp  `gorm:"column:finished_at" jsonapi:"attr,finishedAt" rule:"readonly,filter" doc:"When it ceased to run." example:"2024-08-20T10:45:07+00:00"`

	WebhookID      string  `gorm:"column:webhook_id"`
	OrganizationID string  `gorm:"column:organization_id"`
	Cursor         *string `gorm:"column:cursor"`
	Version        int64   `gorm:"column:version"`
}

// TableName implements GORM's Tabler.
func (WebhookReplay) TableName() string { return "webhook_jobs" }

// The kinds and states of replays.
const (
	ReplayFailed = "failed"
	ReplayEvents = "events"

	ReplayRunning   = "running"
	ReplayPaused    = "paused"
	ReplayDone      = "done"
	ReplayCancelled = "cancelled"
)

func defineWebhookReplays(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(WebhookReplay{}), Table: "webhook_jobs", Model: reflect.TypeFor[WebhookReplay](),
		Visible: func(s collection.Scope) collection.Where {
			return s.Within(reading("webhooks"), "webhook_jobs.organization_id")
		},
		Reached:  collection.Reached{Table: "webhook_jobs", Column: "organization_id", Words: reading("webhooks")},
		Order:    []string{"webhook_jobs.created_at", "webhook_jobs.id"},
		Always:   []string{"version"},
		Describe: describeReplay,
		Filters: map[string]collection.Filter{
			"webhookId": collection.ByID("webhook_jobs.webhook_id"),
		},
	}
	declare(c, declaration{follows: []string{"webhooks"}})
	c.Schema.Attribute("outcome").Shape = reflect.TypeFor[replayOutcome]()
	c.Schema.Filters = []jsonapi.Filter{{Name: "webhookId", Kind: jsonapi.String, Doc: "Replays to that endpoint."}}
}

func relateWebhookReplays(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "webhook", Required: true, CreateOnly: true, Doc: "The endpoint."},
		collection.Relation{Target: Webhooks, Column: "webhook_id", Lasting: true})
	c.Relate(jsonapi.Relationship{Name: "organization", ReadOnly: true, Doc: "The organization of the endpoint."},
		collection.Relation{Target: Organizations, Column: "organization_id", Lasting: true})
}

// replayOutcome is what has become of what a replay began, as the attribute outcome prints it.
type replayOutcome struct {
	Pending   int64 `json:"pending" doc:"Still to be sent."`
	Succeeded int64 `json:"succeeded" doc:"Answered with 2xx."`
	Failed    int64 `json:"failed" doc:"Every attempt used up."`
	Cancelled int64 `json:"cancelled" doc:"Given up for the reason that the delivery tells."`
}

// describeReplay counts the deliveries of one replay. Those that another replay has begun since, or that were removed, are not among them.
func describeReplay(ctx context.Context, db *store.DB, item any, q *jsonapi.Query) error {
	if !q.Wants(WebhookReplays.Schema.Type, "outcome") {
		return nil
	}
	replay := item.(*WebhookReplay)
	counts := map[string]int64{}
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var state string
		var n int64
		err := rows.Scan(&state, &n)
		counts[state] = n
		return err
	}, `SELECT state, COUNT(*) FROM webhook_open WHERE job_id = ? GROUP BY state`, replay.ID)
	if err != nil {
		return fmt.Errorf("count deliveries of replay: %w", err)
	}
	encoded, err := jsonapi.Marshal(replayOutcome{
		counts[DeliveryPending], counts[DeliverySucceeded], counts[DeliveryFailed], counts[DeliveryCancelled],
	})
	if err != nil {
		return err
	}
	printed := jsonapi.Raw(encoded)
	replay.Outcome = &printed
	return nil
}

// replayTransitions are the states that a request can bring a replay to.
var replayTransitions = map[string][]string{ReplayRunning: {ReplayPaused, ReplayCancelled}, ReplayPaused: {ReplayRunning, ReplayCancelled}}

// CreateWebhookReplay begins the replay that the input describes. It fails with the kinds Invalid, Required and RelatedNotFound.
func CreateWebhookReplay(ctx context.Context, db *store.DB, by Caller, in *Change) (*WebhookReplay, error) {
	if err := in.check(WebhookReplays, toCreate); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (replay *WebhookReplay, err error) {
		now := tx.Now()
		replay = &WebhookReplay{
			ID: NewID(), CreatedAt: jsonapi.Stamp{Time: now}, UpdatedAt: jsonapi.Stamp{Time: now}, Kind: ReplayFailed,
			EventTypes: jsonapi.Strings{}, Until: jsonapi.Time{Time: now}, State: ReplayRunning, Version: 1,
		}
		WebhookReplays.Schema.Apply(replay, in.Attributes)
		id := in.Links["webhook"].One()
		if id == "" {
			return nil, &store.Error{Kind: store.Required, Field: "webhook", Message: "A replay needs the relationship webhook."}
		}
		found, err := collection.Find(ctx, tx, Webhooks, by.Scope, id, nil)
		if err != nil {
			if store.IsKind(err, store.NotFound) {
				return nil, store.NoRelated("webhook", 0, "webhooks", id)
			}
			return replay, err
		}
		endpoint := found.(*Webhook)
		held, err := by.atDeliveries(ctx, tx, endpoint.OrganizationID)
		if err != nil {
			return nil, err
		}
		if err := endpoint.within(held); err != nil {
			return nil, err
		}
		replay.WebhookID, replay.OrganizationID = id, endpoint.OrganizationID
		if err := checkReplay(replay); err != nil {
			return nil, err
		}
		if err := checkNoSuchReplay(ctx, tx, replay); err != nil {
			return nil, err
		}
		if err := insert(ctx, tx, WebhookReplays, replay); err != nil {
			return nil, err
		}
		tx.Recorded(false)
		return replay, checkUnchanged(WebhookReplays, replay, in, true)
	})
}

// checkNoSuchReplay refuses a second replay of the same while one is under way. The endpoint is locked first, so that of two requests at
// once one sees the other.
func checkNoSuchReplay(ctx context.Context, tx *store.DB, replay *WebhookReplay) error {
	if _, err := lock[Webhook](ctx, tx, Webhooks, collection.Everything(), replay.WebhookID); err != nil {
		return err
	}
	var same []string
	err := tx.Session(ctx).Table("webhook_jobs").
		Where("webhook_id = ? AND state IN ? AND kind = ?", replay.WebhookID, []string{ReplayRunning, ReplayPaused}, replay.Kind).
		Where("event_types = ? AND since = ? AND include_delivered = ?", replay.EventTypes, replay.Since, replay.IncludeDelivered).Limit(1).
		Pluck("id", &same).Error
	if err != nil {
		return fmt.Errorf("look for the same replay: %w", err)
	}
	if len(same) > 0 {
		return &store.Error{Kind: store.Conflict, Message: fmt.Sprintf("The replay %s does the same and is not finished.", same[0])}
	}
	return nil
}

func checkReplay(replay *WebhookReplay) error {
	var errs store.Errors
	if !replay.Since.Before(replay.Until.Time) {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: "since", Message: "since must be before until."})
	}
	if replay.State != ReplayRunning {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: "state", Message: "A new replay is running."})
	}
	if replay.IncludeDelivered && replay.Kind != ReplayEvents {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: "includeDelivered",
			Message: "includeDelivered is for the kind events: what failed was not delivered."})
	}
	return append(errs, checkEventTypes(replay.EventTypes, nil)...).Err()
}

// UpdateWebhookReplay pauses a replay, lets it run again, or cancels it. What it has begun goes on.
func UpdateWebhookReplay(ctx context.Context, db *store.DB, by Caller, id string, in *Change) (*WebhookReplay, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (replay *WebhookReplay, err error) {
		before, err := lock[WebhookReplay](ctx, tx, WebhookReplays, by.Scope, id)
		if err != nil {
			return nil, err
		}
		held, err := by.atDeliveries(ctx, tx, before.OrganizationID)
		if err != nil {
			return nil, err
		}
		if err := checkVersion(before.Version, in.Versions); err != nil {
			return nil, err
		}
		if err := in.check(WebhookReplays, toUpdate); err != nil {
			return nil, err
		}
		copied := *before
		replay = &copied
		for _, moving := range []string{"updatedAt", "queued", "examined", "reachedAt"} {
			delete(in.Echo, moving) // what the client read may be a second old
		}
		if err := checkUnchanged(WebhookReplays, replay, in, false); err != nil {
			return nil, err
		}
		WebhookReplays.Schema.Apply(replay, in.Attributes)
		if replay.State == before.State {
			return replay, nil
		}
		if err := permitReplay(ctx, tx, by, held, replay); err != nil {
			return nil, err
		}
		if !slices.Contains(replayTransitions[before.State], replay.State) {
			return nil, &store.Error{Kind: store.Conflict, Field: "state",
				Message: fmt.Sprintf("A replay that is %s cannot become %s.", before.State, replay.State)}
		}
		replay.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
		if replay.State == ReplayCancelled {
			replay.FinishedAt = &replay.UpdatedAt
		}
		replay.Version++
		err = tx.Session(ctx).Model(&WebhookReplay{}).Where("id = ?", id).Select("state", "updated_at", "finished_at", "version").
			Updates(replay).Error
		if err != nil {
			return nil, fmt.Errorf("update replay: %w", err)
		}
		tx.Recorded(false)
		return replay, nil
	})
}

// LockWebhookReplay returns a replay and keeps others from changing it until the transaction ends. Otherwise the error is of kind NotFound.
func LockWebhookReplay(ctx context.Context, tx *store.DB, id string) (*WebhookReplay, error) {
	return lock[WebhookReplay](ctx, tx, WebhookReplays, collection.Everything(), id)
}

// permitReplay makes sure that a caller may direct what a replay sends. To an endpoint that is not there any more nothing is sent.
func permitReplay(ctx context.Context, tx *store.DB, by Caller, held standing, replay *WebhookReplay) error {
	endpoint, err := collection.Find(ctx, tx, Webhooks, by.Scope, replay.WebhookID, nil)
	switch {
	case store.IsKind(err, store.NotFound):
		return nil
	case err != nil:
		return err
	default:
		return endpoint.(*Webhook).within(held)
	}
}
