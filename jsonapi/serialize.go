package jsonapi

import (
	"fmt"
	"reflect"

	"github.com/google/jsonapi"
)

// Serialize returns the resource objects of models: pointers to structs with jsonapi tags, all of one type. fields, if not nil, names the
// attributes to keep. Relationships and links are added by the caller: the library would print them only by walking loaded structs, which
// repeats resources, loses links and recurses without end on a cycle (docs/adr/0006).
func Serialize(models []any, fields map[string]bool) ([]*Resource, error) {
	resources := make([]*Resource, len(models))
	for i, model := range models {
		node, err := nodeOf(model)
		if err != nil {
			return nil, err
		}
		if fields != nil {
			for name := range node.Attributes {
				if !fields[name] {
					delete(node.Attributes, name)
				}
			}
		}
		resources[i] = &Resource{Type: node.Type, ID: node.ID, Attributes: node.Attributes}
	}
	return resources, nil
}

// nodeOf calls the library for one model. It panics on models it does not understand, which must not end a request.
func nodeOf(model any) (node *jsonapi.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("serialize %s: %v", reflect.TypeOf(model), p)
		}
	}()
	payload, err := jsonapi.Marshal(model)
	if err != nil {
		return nil, fmt.Errorf("serialize %s: %w", reflect.TypeOf(model), err)
	}
	one, ok := payload.(*jsonapi.OnePayload)
	if !ok {
		return nil, fmt.Errorf("serialize %s: it is not one resource", reflect.TypeOf(model))
	}
	return one.Data, nil
}
