package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"

	"roster/jsonapi"
	"roster/server"
)

// toldOf returns the resources that an answer tells of: those of its primary data, one or several, those that came with them, or those of
// the results of operations.
func toldOf(body []byte) (server.Told, error) {
	told := server.Told{}
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
			switch id.Type {
			case "":
			case moves.Type: // which is kept nowhere
				if err := tellsOfMove(told, p.Data); err != nil {
					return nil, err
				}
			default:
				told[id.Type] = append(told[id.Type], id.ID)
			}
		}
	}
	return told, nil
}

// tellsOfMove adds what a move tells of: the branch, and where it is.
func tellsOfMove(told server.Told, data json.RawMessage) error {
	var move struct {
		Relationships map[string]struct{ Data *jsonapi.Identifier }
	}
	if err := json.Unmarshal(data, &move); err != nil {
		return fmt.Errorf("read kept answer: %w", err)
	}
	for _, rel := range move.Relationships {
		if rel.Data != nil {
			told[rel.Data.Type] = append(told[rel.Data.Type], rel.Data.ID)
		}
	}
	return nil
}
