package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"

	"roster/jsonapi"
	"roster/models"
)

// stillSees makes sure that the caller sees what a kept answer tells of: a branch may have been moved out of its reach since. What is gone
// hides nothing any more; its secrets are dead.
func (a *API) stillSees(rq *request, body []byte) error {
	told, err := toldOf(body)
	if err != nil {
		return err
	}
	for typ, ids := range told {
		c := models.CollectionOf(typ)
		seen, err := models.FindAll(rq.Context(), a.db, c, rq.scope(), ids, nil)
		if err != nil {
			return err
		}
		there, err := models.FindAll(rq.Context(), a.db, c, models.Everything(), ids, nil)
		if err != nil {
			return err
		}
		if len(seen) < len(there) {
			return jsonapi.Fault(jsonapi.Forbidden, "This request took effect; what it was about is out of this credential's reach now.")
		}
	}
	return nil
}

// toldOf returns the ids of the resources that an answer tells of, by type: of its primary data, one or several, of what came with them, or of the results of
// operations.
func toldOf(body []byte) (map[string][]string, error) {
	told := map[string][]string{}
	if len(body) == 0 {
		return told, nil
	}
	type part struct{ Data json.RawMessage }
	var doc struct {
		part
		Results  []part `json:"atomic:results"`
		Included []jsonapi.Identifier
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("read kept answer: %w", err)
	}
	for _, resource := range doc.Included {
		told[resource.Type] = append(told[resource.Type], resource.ID)
	}
	for _, p := range append(doc.Results, doc.part) {
		several := make([]jsonapi.Identifier, 1)
		into := any(&several[0])
		if bytes.HasPrefix(p.Data, []byte("[")) {
			into = &several
		}
		if err := json.Unmarshal(p.Data, into); len(p.Data) > 0 && err != nil {
			return nil, fmt.Errorf("read kept answer: %w", err)
		}
		for _, id := range several {
			if id.Type != "" {
				told[id.Type] = append(told[id.Type], id.ID)
			}
		}
	}
	return told, nil
}
