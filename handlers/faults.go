package handlers

import (
	"errors"

	"roster/jsonapi"
	"roster/models"
)

// codes is the mapping from the kinds of error of package models to what the API says.
var codes = map[models.Kind]jsonapi.Code{
	models.NotFound:           jsonapi.NotFound,
	models.RelatedNotFound:    jsonapi.RelatedNotFound,
	models.Conflict:           jsonapi.Conflict,
	models.Invalid:            jsonapi.InvalidValue,
	models.Required:           jsonapi.Required,
	models.Forbidden:          jsonapi.Forbidden,
	models.ReadOnly:           jsonapi.ReadOnly,
	models.PreconditionFailed: jsonapi.PreconditionFailed,
	models.OtherRequest:       jsonapi.IdempotencyMismatch,
}

// located returns refusals of package models as faults with pointers into the request that caused them. Other errors stay as they are.
func located(err error, in *jsonapi.Input) error {
	refusals := refusalsOf(err)
	if refusals == nil || in == nil {
		return err
	}
	return faultsOf(refusals, func(fault *jsonapi.Error, refusal *models.Error) *jsonapi.Error {
		return fault.At(pointerTo(in, refusal))
	})
}

// faultsOf returns refusals as faults; at points those with a field to where it is in the request.
func faultsOf(refusals models.Errors, at func(*jsonapi.Error, *models.Error) *jsonapi.Error) jsonapi.Errors {
	var faults jsonapi.Errors
	for _, refusal := range refusals {
		fault := faultOf(refusal)
		if refusal.Field != "" {
			fault = at(fault, refusal)
		}
		faults.Add(fault)
	}
	return faults
}

// refusalsOf returns the refusals that an error consists of, or nil.
func refusalsOf(err error) models.Errors {
	var several models.Errors
	var one *models.Error
	switch {
	case errors.As(err, &several):
		return several
	case errors.As(err, &one):
		return models.Errors{one}
	default:
		return nil
	}
}

func faultOf(refusal *models.Error) *jsonapi.Error {
	fault := jsonapi.Fault(codes[refusal.Kind], "%s", refusal.Message)
	switch {
	case refusal.Parameter != "" && refusal.Kind == models.Invalid:
		return jsonapi.Fault(jsonapi.InvalidParameter, "%s", refusal.Message).InParameter(refusal.Parameter)
	case refusal.Parameter != "":
		return fault.InParameter(refusal.Parameter)
	case refusal.Kind == models.PreconditionFailed:
		return fault.InHeader("If-Match")
	case refusal.Kind == models.OtherRequest:
		return fault.InHeader(idempotencyKey)
	default:
		return fault
	}
}

func pointerTo(in *jsonapi.Input, refusal *models.Error) string {
	if refusal.Kind == models.RelatedNotFound {
		if linkage, sent := in.Relationships[refusal.Field]; sent && len(linkage.Refs) > refusal.Index {
			return in.PointerToRef(refusal.Field, refusal.Index)
		}
	}
	return in.PointerTo(refusal.Field)
}
