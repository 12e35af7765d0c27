package identity

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"roster/compat/plain"
	"roster/models"
	"roster/server"
)

// create makes an organization of the name in the body.
func create(w http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	name, err := nameIn(w, rq)
	if err != nil {
		return nil, err
	}
	for _, header := range []string{"If-Match", "If-None-Match"} {
		if len(rq.Header.Values(header)) > 0 {
			return nil, &server.Error{Reason: server.InvalidHeader, Header: header,
				Message: header + " cannot be judged here: what is made has no version yet."}
		}
	}
	return func(w http.ResponseWriter) error {
		org, err := models.CreateOrganization(rq.Context(), rq.DB, rq.Caller(), &models.Change{Attributes: map[string]any{"name": name}})
		if err != nil {
			return err
		}
		return answer(w, rq, org)
	}, nil
}

// edit gives the organization in the path the name in the body.
func edit(w http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	name, err := nameIn(w, rq)
	if err != nil {
		return nil, err
	}
	versions, err := server.IfVersions(rq.Header)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter) error {
		if len(rq.Header.Values("If-None-Match")) > 0 { // versions only grow, so what does not match now never will
			org, err := find(rq)
			if err == nil {
				err = server.CheckNoneMatch(rq.Header, org.Version)
			}
			if err != nil {
				return err
			}
		}
		change := &models.Change{Attributes: map[string]any{"name": name}, Versions: versions}
		org, err := models.UpdateOrganization(rq.Context(), rq.DB, rq.Caller(), rq.Var("id"), change)
		if err != nil {
			return err
		}
		return answer(w, rq, org)
	}, nil
}

// answer tells what became of an organization.
func answer(w http.ResponseWriter, rq *server.Request, org *models.Organization) error {
	shown, err := show(rq, org)
	if err != nil {
		return err
	}
	return plain.WriteVersion(w, rq.Request, org.Version, shown[0])
}

// nameIn reads the name that the body gives an organization, by the rules of its schema. Other members are passed over: clients send back
// what they have read.
func nameIn(w http.ResponseWriter, rq *server.Request) (string, error) {
	if rq.HasBody() && !plain.SaysJSON(rq.Header) {
		return "", &refused{http.StatusUnsupportedMediaType, "Send JSON, with Content-Type: application/json."}
	}
	if err := rq.Read(w); err != nil {
		return "", err
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(rq.Content, &members); err != nil || members == nil {
		return "", badRequest("The body must be a JSON object in UTF-8, with no member twice.")
	}
	var sent any
	if err := json.Unmarshal(members["name"], &sent); err != nil {
		return "", badRequest("name is required.")
	}
	value, wrong := models.Organizations.Schema.Attribute("name").Decode(sent)
	if wrong != "" {
		return "", badRequest("name %s.", wrong)
	}
	return value.(string), nil
}
