package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// bareChecks answers checks as the service does, with one statement and nothing else.
type bareChecks struct{ pool *pgxpool.Pool }

// bareCheck is a check as it is asked for and answered.
type bareCheck struct {
	Attributes    struct{ Permission string }
	Relationships struct {
		User, Organization struct{ Data struct{ ID string } }
	}

	memberships, roles []string
}

const (
	holding = ` AS n, m.id::text, mr.role_id::text
		FROM memberships m
		JOIN membership_roles mr ON mr.membership_id = m.id
		JOIN role_permissions r ON r.role_id = mr.role_id
		JOIN organization_paths p ON p.ancestor_id = m.organization_id AND (r.inheritable OR p.distance = 0)
		JOIN organizations o ON o.id = p.descendant_id AND o.deleted_at IS NULL
		JOIN users u ON u.id = m.user_id AND u.active
		WHERE m.user_id = `
	barelyOne  = `SELECT 1` + holding + `$1 AND p.descendant_id = $2 AND r.permission = ANY ($3)`
	barelyMany = `SELECT g.* FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[]) AS c (n, user_id, organization_id, word)
		CROSS JOIN LATERAL (SELECT c.n` + holding +
		`c.user_id AND p.descendant_id = c.organization_id AND r.permission = c.word OFFSET 0) AS g`
)

const (
	checksPath     = "/public/v2/authorize"
	evaluationPath = "/access/v1/evaluation"
)

func (h *bareChecks) answer(w http.ResponseWriter, r *http.Request) {
	var in struct{ Data []*bareCheck }
	err := json.NewDecoder(r.Body).Decode(&in)
	if err == nil {
		err = h.decide(r, in.Data)
	}
	if err != nil {
		sendError(w, err)
		return
	}
	out := append(make([]byte, 0, 64<<10), `{"data":[`...)
	for n, c := range in.Data {
		if n > 0 {
			out = append(out, ',')
		}
		out = c.print(out, n)
	}
	out = append(out, `],"links":{"self":"`+checksPath+`","describedby":"/public/v2/openapi.json"},"meta":{},`+
		`"jsonapi":{"version":"1.1"}}`...)
	w.Header().Set("Cache-Control", "no-store")
	send(w, "application/vnd.api+json", http.StatusOK, out)
}

// evaluate answers one question in the words of AuthZEN.
func (h *bareChecks) evaluate(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Subject, Resource struct{ ID string }
		Action            struct{ Name string }
	}
	var c bareCheck
	err := json.NewDecoder(r.Body).Decode(&in)
	if err == nil {
		c.Attributes.Permission = in.Action.Name
		c.Relationships.User.Data.ID, c.Relationships.Organization.Data.ID = in.Subject.ID, in.Resource.ID
		err = h.decide(r, []*bareCheck{&c})
	}
	if err != nil {
		sendError(w, err)
		return
	}
	list := func(ids []string) string { return `["` + strings.Join(ids, `","`) + `"]` }
	out := strconv.AppendBool([]byte(`{"decision":`), len(c.roles) > 0)
	if len(c.roles) > 0 {
		out = append(out, `,"context":{"memberships":`+list(c.memberships)+`,"roles":`+list(c.roles)+`}`...)
	}
	send(w, "application/json", http.StatusOK, append(out, '}'))
}

// words are those by which a permission is held: itself, what includes it, and everything.
func (c *bareCheck) words() []string { return []string{c.Attributes.Permission, "users:write", "*"} }

func (h *bareChecks) decide(r *http.Request, checks []*bareCheck) error {
	var rows pgx.Rows
	var err error
	if len(checks) == 1 {
		c := checks[0]
		rows, err = h.pool.Query(r.Context(), barelyOne, c.Relationships.User.Data.ID, c.Relationships.Organization.Data.ID, c.words())
	} else {
		var numbers []int64
		var users, organizations, words []string
		for n, c := range checks {
			for _, word := range c.words() {
				numbers, words = append(numbers, int64(n)+1), append(words, word)
				users, organizations = append(users, c.Relationships.User.Data.ID), append(organizations,
					c.Relationships.Organization.Data.ID)
			}
		}
		rows, err = h.pool.Query(r.Context(), barelyMany, numbers, users, organizations, words)
	}
	if err != nil {
		return err
	}
	var n int64
	var membership, role string
	_, err = pgx.ForEachRow(rows, []any{&n, &membership, &role}, func() error {
		c := checks[n-1]
		c.memberships, c.roles = append(c.memberships, membership), append(c.roles, role)
		return nil
	})
	return err
}

func (c *bareCheck) print(out []byte, n int) []byte {
	one := func(typ, id string) string { return `{"data":{"type":"` + typ + `","id":"` + id + `"}}` }
	many := func(typ string, ids []string) {
		for n, id := range ids {
			if n > 0 {
				out = append(out, ',')
			}
			out = append(out, `{"type":"`+typ+`","id":"`+id+`"}`...)
		}
	}
	out = strconv.AppendInt(append(out, `{"type":"checks","id":"`...), int64(n)+1, 10)
	out = strconv.AppendBool(append(out, `","attributes":{"allowed":`...), len(c.roles) > 0)
	out = append(strconv.AppendQuote(append(out, `,"permission":`...), c.Attributes.Permission),
		`},"relationships":{"memberships":{"data":[`...)
	many("memberships", c.memberships)
	out = append(out, `]},"organization":`+one("organizations", c.Relationships.Organization.Data.ID)+`,"roles":{"data":[`...)
	many("roles", c.roles)
	return append(out, `]},"user":`+one("users", c.Relationships.User.Data.ID)+`}}`...)
}
