package jsonapi

import (
	"fmt"
	"reflect"

	"github.com/google/jsonapi"
)

// Attributes returns the attributes of a model, a pointer to a struct with jsonapi tags, by their names, as google/jsonapi has them: what
// a [Form] prints is defined by it. Events are made of them, which compare and hide values. Nothing else of the library is used: it would
// print relationships and links only by walking loaded structs, which repeats resources, loses links and recurses without end on a cycle
// (docs/adr/0006). It panics on models that it does not understand, which must not end a request.
func Attributes(model any) (attributes map[string]any, err error) {
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
	return one.Data.Attributes, nil
}
