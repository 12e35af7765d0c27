package identity

import (
	"math"
	"net/http"
	"net/url"
	"strconv"

	"roster/compat/plain"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/server"
)

// How much a page holds.
const (
	defaultLimit = 25
	maxLimit     = 100
)

// page is a part of the list.
type page struct {
	Organizations []organization `json:"organizations"`
	TotalResults  int64          `json:"totalResults"`
	Offset        int            `json:"offset"`
	Limit         int            `json:"limit"`
}

// list answers with a page of the organizations that the caller sees, the oldest first.
func list(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	query := rq.URL.Query()
	offset, err := number(query, "offset", 0, 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	limit, err := number(query, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		return nil, err
	}
	wanted := &jsonapi.Query{Fields: shownFields, Page: jsonapi.Page{Paging: jsonapi.ByOffset, Offset: offset, Size: limit}}
	return func(w http.ResponseWriter) error {
		found, err := collection.List(rq.Context(), rq.DB, models.Organizations, rq.Scope(), wanted)
		if err != nil {
			return err
		}
		orgs := make([]*models.Organization, len(found.Items))
		for i, item := range found.Items {
			orgs[i] = item.(*models.Organization)
		}
		shown, err := show(rq, orgs...)
		if err != nil {
			return err
		}
		return plain.WriteVersion(w, rq.Request, 0, page{shown, found.Total, offset, limit})
	}, nil
}

// number returns a parameter that is a whole number within bounds, or what it is if it is not there.
func number(query url.Values, name string, absent, least, most int) (int, error) {
	values, given := query[name]
	if !given {
		return absent, nil
	}
	n, err := strconv.ParseUint(values[0], 10, 31)
	if err != nil || len(values) > 1 || int(n) < least || int(n) > most {
		return 0, badRequest("%s must be one whole number from %d to %d.", name, least, most)
	}
	return int(n), nil
}

// ofOne is the answer about one organization.
type ofOne struct {
	Organization organization `json:"organization"`
	Membership   membership   `json:"organizationMembership"`
}

// read answers with the organization in the path, and what the caller is there.
func read(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	return func(w http.ResponseWriter) error {
		org, err := find(rq)
		if err != nil {
			return err
		}
		shown, err := show(rq, org)
		if err != nil {
			return err
		}
		is, err := membershipAt(rq, org.ID)
		if err != nil {
			return err
		}
		return plain.WriteVersion(w, rq.Request, org.Version, ofOne{shown[0], is})
	}, nil
}

// find returns the organization in the path. The error is of kind NotFound for one that the caller does not see.
func find(rq *server.Request) (*models.Organization, error) {
	item, err := collection.Find(rq.Context(), rq.DB, models.Organizations, rq.Scope(), rq.Var("id"), &jsonapi.Query{Fields: shownFields})
	if err != nil {
		return nil, err
	}
	return item.(*models.Organization), nil
}
