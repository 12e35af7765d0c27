package handlers_test

import (
	"net/http"
	"strings"
	"time"

	"roster/jsonapi"
	"roster/server"
)

// provocations are requests that end in an error of each code.
var provocations = map[jsonapi.Code]func(*story) *answer{
	jsonapi.MalformedBody: func(st *story) *answer {
		return st.wire(request("POST", managed, "Transfer-Encoding: chunked", "zz\r\n"))
	},
	jsonapi.InvalidJSON:      func(st *story) *answer { return st.do("POST", managed, `{"data":{"type":"organizations",}}`) },
	jsonapi.InvalidDocument:  func(st *story) *answer { return st.do("POST", managed, `{"data":[]}`) },
	jsonapi.InvalidParameter: func(st *story) *answer { return st.get("/public/v2/users?sort=shoeSize") },
	jsonapi.UnknownParameter: func(st *story) *answer { return st.get("/public/v2/users?limit=10") },
	jsonapi.AmbiguousCredentials: func(st *story) *answer {
		return st.get("/public/v2/users", "X-API-Key", "another_key_than_the_one_in_authorization")
	},
	jsonapi.Unauthenticated: func(st *story) *answer { return st.as("").get("/public/v2/users") },
	jsonapi.SecondFactorRequired: func(st *story) *answer {
		const email = "factor@example.com"
		st.account(email, "")
		st.enrolled(email)
		return st.browser().try(email, passwordOf(email))
	},
	jsonapi.Forbidden: func(st *story) *answer {
		token := st.do("POST", "/public/v2/management/refresh-token/"+st.ids["organizations"],
			nil).want(200).text("data", "attributes", "token")
		return st.as(token).get(managed)
	},
	jsonapi.ReadOnly: func(st *story) *answer {
		return st.do("PATCH", "/public/v2/users/"+st.ids["users"],
			withID(resource("users", object{"fullName": "Ada King"}), st.ids["users"]))
	},
	jsonapi.ClientIDForbidden: func(st *story) *answer {
		token := st.do("POST", "/public/v2/management/refresh-token/"+st.ids["organizations"],
			nil).want(200).text("data", "attributes", "token")
		return st.as(token).do("POST", "/public/v2/users", withID(resource("users", object{}), "01912f6a-8c00-7abc-8def-0123456789ab"))
	},
	jsonapi.NotFound: func(st *story) *answer { return st.get("/public/v2/users/01912f6a-8c00-7abc-8def-0123456789ab") },
	jsonapi.RelatedNotFound: func(st *story) *answer {
		return st.do("POST", managed, resource("organizations", object{"name": "Acme Zürich"}, "parent",
			ref("organizations", "01912f6a-8c00-7abc-8def-0123456789ab")))
	},
	jsonapi.MethodNotAllowed: func(st *story) *answer { return st.do("PUT", "/public/v2/users", nil) },
	jsonapi.NotAcceptable:    func(st *story) *answer { return st.get("/public/v2/users", "Accept", "text/html") },
	jsonapi.RequestTimeout: func(st *story) *answer {
		// However busy the machine is, the head comes in that time.
		slow := newServiceWith(st.t, st.db, func(_ *server.Config, s *http.Server) { s.ReadTimeout = 2 * time.Second })
		return slow.as(st.key).wire(request("POST", managed, "Content-Length: 100", "{"))
	},
	jsonapi.Conflict: func(st *story) *answer {
		return st.do("POST", managed, resource("organizations", object{"name": "Acme", "slug": "acme-corporation"}))
	},
	jsonapi.TypeMismatch: func(st *story) *answer {
		return st.do("POST", managed, resource("organisations", object{"name": "Acme"}))
	},
	jsonapi.IDMismatch: func(st *story) *answer {
		return st.do("PATCH", "/public/v2/users/"+st.ids["users"],
			withID(resource("users", object{"firstName": "Ada"}), "01912f6a-8c00-7abc-8def-0123456789ab"))
	},
	jsonapi.PreconditionFailed: func(st *story) *answer {
		operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
		return st.do("POST", "/public/v2/operations", object{"atomic:operations": []object{{
			"op": "remove", "ref": ref("users", st.ids["users"]), "meta": object{"ifMatch": `"0-0"`},
		}}}, "Content-Type", operations, "Accept", operations)
	},
	jsonapi.InvalidHeader: func(st *story) *answer {
		return st.do("DELETE", "/public/v2/users/"+st.ids["users"], nil, "If-Match", "seven")
	},
	jsonapi.IdempotencyMismatch: func(st *story) *answer {
		const key = "8e03978e-40d5-43dd-bc93-6894a57f9324"
		st.do("POST", managed, resource("organizations", object{"name": "Acme"}), "Idempotency-Key", key).want(201)
		return st.do("POST", managed, resource("organizations", object{"name": "Acme Ltd"}), "Idempotency-Key", key)
	},
	jsonapi.BodyTooLarge: func(st *story) *answer {
		small := newServiceWith(st.t, st.db, func(cfg *server.Config, _ *http.Server) { cfg.MaxBody = 1000 }).as(st.key)
		return small.do("POST", managed, resource("organizations", object{"name": strings.Repeat("A", 1000)}))
	},
	jsonapi.UnsupportedMediaType: func(st *story) *answer {
		return st.do("POST", managed, resource("organizations", object{"name": "Acme"}), "Content-Type", "application/json")
	},
	jsonapi.InvalidValue: func(st *story) *answer {
		return st.do("POST", managed, resource("organizations", object{"name": "Acme", "kind": "club", "webhookUrl": "hooks.example.com"}))
	},
	jsonapi.UnknownField: func(st *story) *answer {
		return st.do("POST", managed, resource("organizations", object{"name": "Acme", "color": "red"}))
	},
	jsonapi.Required: func(st *story) *answer { return st.do("POST", managed, resource("organizations", object{})) },
	jsonapi.RateLimited: func(st *story) *answer {
		busy := newServiceWith(st.t, st.db, func(cfg *server.Config, _ *http.Server) {
			cfg.Limiter = server.NewLimiter(1, time.Minute, st.clock.Now)
		}).as(st.key)
		busy.get("/public/v2/users").want(200)
		return busy.get("/public/v2/users")
	},
	jsonapi.Unavailable: func(st *story) *answer {
		return newServiceWith(st.t, st.db, func(cfg *server.Config,
			_ *http.Server) {
			cfg.RequestTimeout = 1
		}).as(st.key).get("/public/v2/users")
	},
	jsonapi.Internal: func(st *story) *answer {
		if err := st.db.Close(); err != nil {
			st.t.Fatal(err)
		}
		return st.get("/public/v2/users")
	},
}
