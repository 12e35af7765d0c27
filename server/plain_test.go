package server

import (
	"encoding/json"
	"errors"
	"net/http"

	"roster/auth"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
)

// plainDoor is a whole front door: plain JSON, errors of another form, the key in one header.
func plainDoor() *Door {
	return &Door{
		Paths:        []string{"/plain"},
		Credential:   func(h http.Header) (string, error) { return h.Get("Api_key"), nil },
		HowToPresent: "Send a key as API_KEY.",
		Refusal:      plainRefusal,
		Told: func(body []byte) (Told, error) {
			var org plainOrganization
			err := json.Unmarshal(body, &org)
			return Told{"organizations": {org.ID}}, err
		},
		Routes: []Route{
			{Method: "GET", Path: "/plain/organizations", Needs: auth.Read("organizations"), Take: listPlainly},
			{Method: "POST", Path: "/plain/organizations", Needs: auth.Write("organizations").Manage(), Take: createPlainly},
		},
	}
}

type plainOrganization struct{ ID, Name string }

// plainError is the form of an error.
type plainError struct{ Wrong, Message, ID string }

func plainRefusal(err error) *Refusal {
	var told plainError
	var own *Error
	switch refused := store.ErrorsOf(err); {
	case errors.As(err, &own):
		told = plainError{string(own.Reason), own.Message, own.ID}
	case refused != nil:
		told = plainError{Wrong: string(refused[0].Kind), Message: refused[0].Message}
	default:
		return nil
	}
	body, _ := json.Marshal(told) // strings always encode
	return &Refusal{Status: Status(err), ContentType: "application/json", Body: body}
}

func listPlainly(_ http.ResponseWriter, rq *Request) (Serve, error) {
	return func(w http.ResponseWriter) error {
		page, err := collection.List(rq.Context(), rq.DB, models.Organizations, rq.Scope(),
			&jsonapi.Query{Page: jsonapi.Page{Size: 10, Number: 1}})
		if err != nil {
			return err
		}
		all := []plainOrganization{}
		for _, item := range page.Items {
			all = append(all, plainOrganization{item.(*models.Organization).ID, item.(*models.Organization).Name})
		}
		return json.NewEncoder(w).Encode(all)
	}, nil
}

func createPlainly(w http.ResponseWriter, rq *Request) (Serve, error) {
	if err := rq.Read(w); err != nil {
		return nil, err
	}
	var sent plainOrganization
	if err := json.Unmarshal(rq.Content, &sent); err != nil {
		return nil, &store.Error{Kind: store.Invalid, Message: "Send a JSON object."}
	}
	return func(w http.ResponseWriter) error {
		in := &models.Change{Attributes: map[string]any{"name": sent.Name}}
		org, err := models.CreateOrganization(rq.Context(), rq.DB, rq.Caller(), in)
		if err != nil {
			return err
		}
		w.WriteHeader(http.StatusCreated)
		return json.NewEncoder(w).Encode(plainOrganization{org.ID, org.Name})
	}, nil
}
