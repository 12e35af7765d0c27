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

// located returns the errors of package models as error objects with pointers into the request that caused them. Others stay as they are.
func located(err error, in *jsonapi.Input) error {
	causes := models.ErrorsOf(err)
	if causes == nil {
		return err
	}
	return errorsOf(causes, func(e *jsonapi.Error, cause *models.Error) *jsonapi.Error {
		return e.At(pointerTo(in, cause))
	})
}

// errorsOf returns the errors of package models as error objects; at points those with a field to where it is in the request.
func errorsOf(causes models.Errors, at func(*jsonapi.Error, *models.Error) *jsonapi.Error) jsonapi.Errors {
	var errs jsonapi.Errors
	for _, cause := range causes {
		e := errorOf(cause)
		if cause.Field != "" {
			e = at(e, cause)
		}
		errs.Add(e)
	}
	return errs
}

func errorOf(cause *models.Error) *jsonapi.Error {
	e := jsonapi.NewError(codes[cause.Kind], "%s", cause.Message)
	switch {
	case cause.Parameter != "" && cause.Kind == models.Invalid:
		return jsonapi.NewError(jsonapi.InvalidParameter, "%s", cause.Message).InParameter(cause.Parameter)
	case cause.Parameter != "":
		return e.InParameter(cause.Parameter)
	case cause.Kind == models.PreconditionFailed:
		return e.InHeader("If-Match")
	case cause.Kind == models.OtherRequest:
		return e.InHeader(server.IdempotencyKey)
	default:
		return e
	}
}

func pointerTo(in *jsonapi.Input, cause *models.Error) string {
	if cause.Kind == models.RelatedNotFound {
		if linkage, sent := in.Relationships[cause.Field]; sent && len(linkage.Refs) > cause.Index {
			return in.PointerToRef(cause.Field, cause.Index)
		}
	}
	return in.PointerTo(cause.Field)
}
