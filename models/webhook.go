package models

import (
	"reflect"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Webhook is an endpoint: where events are sent, which, and how. An organization's own webhookUrl is one, too.
type Webhook struct {
	ID             string           `gorm:"column:id;primaryKey" jsonapi:"primary,webhooks" doc:"An endpoint that events are sent to." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt      jsonapi.Stamp    `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it was created." example:"2024-08-20T10:45:07+00:00"`
	UpdatedAt      jsonapi.Stamp    `gorm:"column:updated_at;autoUpdateTime:false" jsonapi:"attr,updatedAt" rule:"readonly,filter" doc:"When it was last changed." example:"2024-08-20T10:45:07+00:00"`
	Kind           string           `gorm:"column:kind" jsonapi:"attr,kind" rule:"readonly,enum=own|extra,filter" doc:"own: the webhookUrl of the organization, whose URL and secret are changed there; extra: any other." example:"extra"`
	Name           *string          `gorm:"column:name" jsonapi:"attr,name" rule:"visible,max=200,filter" doc:"What it is for." example:"Payroll"`
	URL            string           `gorm:"-" jsonapi:"attr,url" rule:"required,max=2000,format=url,originonly" doc:"Where events are sent. It may hold a secret: it is kept encrypted, lists are not filtered by it, and events tell its origin only." example:"https://hooks.example.com/roster"`
	EventTypes     jsonapi.Strings  `gorm:"column:event_types" jsonapi:"attr,eventTypes" rule:"max=50" doc:"The types it gets: user.created, user.* or *. An empty list or * is everything but what is told of endpoints themselves: webhook.disabled, say, or webhook.*, is asked for by name. Whoever makes or changes the endpoint needs the scope to read what each is about." example:"user.*"`
	Subtree        bool             `gorm:"column:subtree" jsonapi:"attr,subtree" rule:"filter" doc:"Whether it gets the events of the organizations below its own, too; for management keys." example:"false"`
	Headers        jsonapi.Strings  `gorm:"-" jsonapi:"attr,headers" rule:"max=20" doc:"Headers sent with every event, each as Name: value. Values are never shown; the one that is printed for them leaves a header as it is." example:"X-Tenant: 42"`
	Ordering       string           `gorm:"column:ordering" jsonapi:"attr,ordering" rule:"enum=none|fifo|per_entity,filter" doc:"none: as fast as can be; fifo: one after the other; per_entity: the events of one resource one after the other." example:"none"`
	Rate           *int64           `gorm:"column:rate" jsonapi:"attr,rate" rule:"filter" doc:"Deliveries a second at most; null is no limit." example:"50"`
	Schedule       *jsonapi.Strings `gorm:"column:schedule" jsonapi:"attr,schedule" rule:"max=20,repeats" doc:"The wait before each attempt, 0s before the first, so many attempts; null is ten attempts over 76 hours." example:"0s"`
	Algorithm      string           `gorm:"column:algorithm" jsonapi:"attr,algorithm" rule:"createonly,enum=v1|v1a,filter" doc:"v1: HMAC-SHA256 with a shared secret; v1a: ed25519." example:"v1"`
	PublicKey      *string          `gorm:"column:public_key" jsonapi:"attr,publicKey" rule:"readonly" doc:"Of v1a: what receivers verify with, whpk_…"`
	Secret         *string          `gorm:"-" jsonapi:"attr,secret" rule:"secret,createonly,min=16,max=200" doc:"Signs what is sent. It has a value only in the answer to the request that set or generated it."`
	Secrets        *jsonapi.Raw     `gorm:"-" jsonapi:"attr,secrets" rule:"readonly" doc:"What it signs with, without the secrets themselves: the newest first, then those that a rotation has left for a while. Null in events."`
	Status         string           `gorm:"column:status" jsonapi:"attr,status" rule:"enum=active|paused|disabled,filter" doc:"active; paused by a request; disabled because it failed. What is paused or disabled keeps its deliveries, which go out when it is active again." example:"active"`
	DisabledReason *string          `gorm:"column:disabled_reason" jsonapi:"attr,disabledReason" rule:"readonly,filter" doc:"gone: it answered 410; requested: it asked for it; failing: it took nothing for five days; secret_key_lost: its URL but for the origin, its headers and its secret are gone, give it the url again, and rotate." example:"gone"`
	DisabledAt     *jsonapi.Stamp   `gorm:"column:disabled_at" jsonapi:"attr,disabledAt" rule:"readonly,filter" doc:"When it was disabled." example:"2024-08-20T10:45:07+00:00"`
	Health         *jsonapi.Raw     `gorm:"-" jsonapi:"attr,health" rule:"readonly" doc:"How it does: failing since, success rate, latency, backlog, oldest pending. Null in events."`

	OrganizationID string          `gorm:"column:organization_id"`
	Origin         string          `gorm:"column:url"` // of the URL
	SealedURL      []byte          `gorm:"column:sealed_url"`
	HeaderNames    jsonapi.Strings `gorm:"column:header_names"`
	SealedHeaders  []byte          `gorm:"column:headers"`
	AfterOrdinal   int64           `gorm:"column:after_ordinal"`
	LastOrdinal    *int64          `gorm:"column:last_ordinal"`
	Version        int64           `gorm:"column:version"`
}

// TableName implements GORM's Tabler.
func (Webhook) TableName() string { return "webhooks" }

// The kinds, orderings, algorithms and statuses of endpoints.
const (
	OwnWebhook   = "own"
	ExtraWebhook = "extra"

	OrderNone      = "none"
	OrderFIFO      = "fifo"
	OrderPerEntity = "per_entity"

	SignV1  = "v1"
	SignV1a = "v1a"

	WebhookActive   = "active"
	WebhookPaused   = "paused"
	WebhookDisabled = "disabled"
)

func defineWebhooks(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(Webhook{}), Table: "webhooks", Model: reflect.TypeFor[Webhook](),
		Visible: func(s collection.Scope) collection.Where {
			return s.Within(reading("webhooks"), "webhooks.organization_id")
		},
		Reached: collection.Reached{Table: "webhooks", Column: "organization_id", Words: reading("webhooks"), Live: true,
			InOrder: []string{"created_at", "id"}},
		Live:   "EXISTS (SELECT 1 FROM organizations wo WHERE wo.id = webhooks.organization_id AND wo.deleted_at IS NULL)",
		Order:  []string{"webhooks.created_at", "webhooks.id"},
		Always: []string{"version"},
		Needs:  map[string][]string{"headers": {"header_names"}, "url": {"url", "sealed_url"}},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("webhooks.organization_id"),
			"health":         inHealth,
		},
		Beyond:   map[string]collection.FilterBeyond{collection.FilterAncestor: below("webhooks.organization_id")},
		Branches: reading("organizations"), Inherited: &collection.Inherited{},
		Complete: func(db *store.DB, model any) (err error) {
			w := model.(*Webhook)
			w.printHeaders()
			w.URL, err = OpenURL(db.Vault(), w.ID, w.Origin, w.SealedURL)
			return err
		},
		Gather: gatherShown,
	}
	declare(c, declaration{
		called: []string{"name", "url"},
		tells: []told{
			{created, "An endpoint was created." + byName},
			{updated, "An endpoint was changed, paused or made active again." + byName},
			{rotated, "An endpoint got a new secret, or a rotation was ended: then no secret is among the changes." + byName},
			{deleted, "An endpoint was deleted." + byName},
			{disabled, "An endpoint failed for so long, or said so, that nothing is sent to it any more." + byName},
			{tested, "A test: sent to one endpoint when somebody asked for it, with the sequence 0."},
		},
		steers: true, left: endWebhooks, returning: reviveWebhooks,
	})
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Endpoints of that organization."},
		byAncestor("Endpoints"),
		{Name: "health", Kind: jsonapi.String, Enum: healths,
			Doc: "Endpoints whose health is that; or failing, whatever their health is: the last attempt failed."},
	}
	c.Schema.Attribute("health").Shape = reflect.TypeFor[webhookHealth]()
	c.Schema.Attribute("secrets").Shape = reflect.TypeFor[[]shownSecret]()
}

// printHeaders makes the attribute headers say what is kept, without the values.
func (w *Webhook) printHeaders() {
	w.Headers = jsonapi.Strings{}
	for _, name := range w.HeaderNames {
		w.Headers = append(w.Headers, name+": "+SecretMark)
	}
}

func relateWebhooks(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "organization", Required: true, CreateOnly: true, Doc: "The organization it belongs to."},
		collection.Relation{Target: Organizations, Column: "organization_id", Evident: true})
	c.Relate(jsonapi.Relationship{Name: "deliveries", Many: true, ReadOnly: true, Doc: "What was sent to it, and what will be."},
		collection.Relation{Target: WebhookDeliveries, Foreign: "webhook_id", CountedBy: "webhookId"})
}

// WebhookDelivery is one event on its way to one endpoint. It is read from a view of the row that was inserted for it, of its last attempt,
// and of webhook_open, where what is not simply done has a row.
type WebhookDelivery struct {
	ID            string         `gorm:"column:id;primaryKey" jsonapi:"primary,webhookDeliveries" doc:"One event on its way to one endpoint." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt     jsonapi.Stamp  `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When the event happened, or when a replay or a test began it; sorting goes by the order in which deliveries were begun first." example:"2024-08-20T10:45:07+00:00"`
	EventType     string         `gorm:"column:event_type" jsonapi:"attr,eventType" rule:"readonly,filter" doc:"The type of the event, or the one that a test is an example of." example:"user.created"`
	State         string         `gorm:"column:state;->" jsonapi:"attr,state" rule:"readonly,enum=pending|succeeded|failed|cancelled,filter" doc:"pending; succeeded: answered with 2xx; failed: every attempt used up; cancelled, with the reason." example:"succeeded"`
	Trigger       string         `gorm:"column:trigger;->" jsonapi:"attr,trigger" rule:"readonly,enum=event|manual|replay|test,filter" doc:"What began it: the event, a request to redeliver it, a replay or a test." example:"event"`
	Attempts      int64          `gorm:"column:attempts;->" jsonapi:"attr,attempts" rule:"readonly,filter" doc:"Attempts so far." example:"1"`
	NextAttemptAt *jsonapi.Stamp `gorm:"column:due_at;->" jsonapi:"attr,nextAttemptAt" rule:"readonly,filter" doc:"When the next attempt is due; null if there is none, or if an earlier event comes first."`
	LastCode      *string        `gorm:"column:last_code;->" jsonapi:"attr,errorCode" rule:"readonly,filter" doc:"Why the last attempt failed; null if it did not." example:"timeout"`
	LastStatus    *int64         `gorm:"column:last_status;->" jsonapi:"attr,status" rule:"readonly,filter" doc:"The HTTP status of the last answer." example:"200"`
	LastAttemptAt *jsonapi.Stamp `gorm:"column:last_attempt_at;->" jsonapi:"attr,lastAttemptAt" rule:"readonly,filter" doc:"When the last attempt began." example:"2024-08-20T10:45:07+00:00"`
	FinishedAt    *jsonapi.Stamp `gorm:"column:finished_at;->" jsonapi:"attr,finishedAt" rule:"readonly,filter" doc:"When it ceased to be pending." example:"2024-08-20T10:45:07+00:00"`
	Reason        *string        `gorm:"column:reason;->" jsonapi:"attr,reason" rule:"readonly,filter" doc:"Why it was cancelled: endpoint_deleted; organization_deleted; receiver_aborted: its answer asked for it; expired: it waited for a paused or disabled endpoint for as long as deliveries are kept." example:"endpoint_deleted"`
	// EndpointStatus is told to whoever sees the delivery, and need not see the endpoint: it is why nothing happens.
	EndpointStatus *string      `gorm:"-" jsonapi:"attr,endpointStatus" rule:"readonly,enum=active|paused|disabled" doc:"The status of its endpoint: while it is not active, what is pending waits." example:"active"`
	History        *jsonapi.Raw `gorm:"-" jsonapi:"attr,history" rule:"readonly" doc:"Each attempt: when, where to, how long each step took, and what came back. Present when one delivery is read."`

	EventID        string `gorm:"column:event_id"`
	WebhookID      string `gorm:"column:webhook_id"`
	OrganizationID string `gorm:"column:organization_id"`
	Ordinal        int64  `gorm:"column:ordinal"` // the place of its event, see QueuedEvent
}

// TableName implements GORM's Tabler.
func (WebhookDelivery) TableName() string { return "webhook_dispatches" }

// The states of deliveries.
const (
	DeliveryPending   = "pending"
	DeliverySucceeded = "succeeded"
	DeliveryFailed    = "failed"
	DeliveryCancelled = "cancelled"
)

// What begins a delivery.
const (
	TriggerEvent  = "event"
	TriggerManual = "manual"
	TriggerReplay = "replay"
	TriggerTest   = "test"
)

// Why deliveries are cancelled by the program.
const (
	CancelledEndpointDeleted     = "endpoint_deleted"
	CancelledOrganizationDeleted = "organization_deleted"
	CancelledByReceiver          = "receiver_aborted"
	CancelledExpired             = "expired"
)

func defineWebhookDeliveries(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(WebhookDelivery{}), Table: "webhook_deliveries",
		Model: reflect.TypeFor[WebhookDelivery](),
		Visible: func(s collection.Scope) collection.Where {
			return s.Within(reading("webhooks"), "webhook_deliveries.organization_id")
		},
		Reached: collection.Reached{Table: "webhook_dispatches", Column: "organization_id", Words: reading("webhooks"),
			InOrder: []string{"id"}},
		Order: []string{"webhook_deliveries.id"},
		// Ids are made when a delivery is inserted and sort by time, and neither changes when it is begun again. An index on the times
		// would cost every delivery one more write, to say the same.
		OrderedAs: map[string]string{"created_at": "id"},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("webhook_deliveries.organization_id"),
			"webhookId":      collection.ByID("webhook_deliveries.webhook_id"),
			"eventId":        collection.ByID("webhook_deliveries.event_id"),
		},
		Beyond:   map[string]collection.FilterBeyond{collection.FilterAncestor: below("webhook_deliveries.organization_id")},
		Branches: reading("organizations"), Inherited: &collection.Inherited{UntilDeleted: true},
		Total:    totalDeliveries,
		Gather:   gatherDeliveries,
		Describe: describeDelivery,
	}
	declare(c, declaration{follows: []string{"webhooks"}, counts: []string{
		`SELECT 'webhookDeliveries', '', COUNT(*) FROM webhook_dispatches`,
		`SELECT 'webhookDeliveries', CAST(organization_id AS text), COUNT(*) FROM webhook_dispatches GROUP BY organization_id`,
		`SELECT 'webhookDeliveriesTo', CAST(webhook_id AS text), COUNT(*) FROM webhook_dispatches GROUP BY webhook_id`,
	}, invariants: []Invariant{
		{"a delivery that was never sent, and is not to be sent", `SELECT d.id FROM webhook_dispatches d
			WHERE NOT EXISTS (SELECT 1 FROM webhook_open o WHERE o.delivery_id = d.id)
			AND NOT EXISTS (SELECT 1 FROM webhook_attempts a WHERE a.delivery_id = d.id AND a.code IS NULL)`},
		{"what became of a delivery that is not there", `SELECT delivery_id FROM webhook_open o
			WHERE NOT EXISTS (SELECT 1 FROM webhook_dispatches d WHERE d.id = o.delivery_id)`},
	}})
	c.Schema.Attribute("history").Shape = reflect.TypeFor[[]attemptEntry]()
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Deliveries to the endpoints of that organization."},
		{Name: "webhookId", Kind: jsonapi.String, Doc: "Deliveries to that endpoint."},
		{Name: "eventId", Kind: jsonapi.String, Doc: "Deliveries of that event."},
		byAncestor("Deliveries to the endpoints"),
	}
}

// totalDeliveries finds the counter of deliveries: of all, of an organization, or of an endpoint.
func totalDeliveries(s collection.Scope, filter, value string) collection.Counted {
	switch filter {
	case "webhookId", "webhook":
		if s.All() {
			return collection.Counted{Name: countDeliveriesTo, Key: value}
		}
		return collection.Counted{}
	default:
		return totalByOrganization(countDeliveries, s, filter, value, "organizationId", "organization")
	}
}

func relateWebhookDeliveries(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "webhook", ReadOnly: true, Doc: "The endpoint."},
		collection.Relation{Target: Webhooks, Column: "webhook_id"})
	c.Relate(jsonapi.Relationship{Name: "event", ReadOnly: true, Doc: "The event."},
		collection.Relation{Target: Events, Column: "event_id"})
	c.Relate(jsonapi.Relationship{Name: "organization", ReadOnly: true, Doc: "The organization of the endpoint."},
		collection.Relation{Target: Organizations, Column: "organization_id"})
}
