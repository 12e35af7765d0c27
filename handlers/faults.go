package handlers

import (
	"roster/jsonapi"
	"roster/models"
	"roster/server"
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

// reasons are the codes of what is refused before anybody asks what a request is about.
var reasons = map[server.Reason]jsonapi.Code{
	server.MalformedBody:        jsonapi.MalformedBody,
	server.InvalidHeader:        jsonapi.InvalidHeader,
	server.AmbiguousCredentials: jsonapi.AmbiguousCredentials,
	server.Unauthenticated:      jsonapi.Unauthenticated,
	server.Forbidden:            jsonapi.Forbidden,
	server.NotFound:             jsonapi.NotFound,
	server.MethodNotAllowed:     jsonapi.MethodNotAllowed,
	server.RequestTimeout:       jsonapi.RequestTimeout,
	server.PreconditionFailed:   jsonapi.PreconditionFailed,
	server.BodyTooLarge:         jsonapi.BodyTooLarge,
	server.UnsupportedCoding:    jsonapi.UnsupportedMediaType,
	server.RateLimited:          jsonapi.RateLimited,
	server.Internal:             jsonapi.Internal,
	server.Unavailable:          jsonapi.Unavailable,
}

// located returns refusals of package models as faults with pointers into the request that caused them. Other errors stay as they are.
func located(err error, in *jsonapi.Input) error {
	refusals := models.ErrorsOf(err)
	if refusals == nil {
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
		return fault.InHeader(server.IdempotencyKey)
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
