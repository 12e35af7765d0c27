package handlers

import (
	"slices"

	"roster/jsonapi"
	"roster/models/store"
	"roster/server"
)

// codes is the mapping from the kinds of error of package store to what the API says.
var codes = map[store.Kind]jsonapi.Code{
	store.NotFound:           jsonapi.NotFound,
	store.RelatedNotFound:    jsonapi.RelatedNotFound,
	store.Conflict:           jsonapi.Conflict,
	store.Invalid:            jsonapi.InvalidValue,
	store.Required:           jsonapi.Required,
	store.Forbidden:          jsonapi.Forbidden,
	store.ReadOnly:           jsonapi.ReadOnly,
	store.PreconditionFailed: jsonapi.PreconditionFailed,
	store.OtherRequest:       jsonapi.IdempotencyMismatch,
	store.Unauthenticated:    jsonapi.Unauthenticated,
	store.SecondFactor:       jsonapi.SecondFactorRequired,
	store.TooMany:            jsonapi.RateLimited,
	store.Busy:               jsonapi.Unavailable,
	store.Unsupported:        jsonapi.UnsupportedMediaType,
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

// located returns the errors of package store as error objects with pointers into the request that caused them. Others stay as they are.
func located(err error, in *jsonapi.Input) error {
	causes := store.ErrorsOf(err)
	if !slices.ContainsFunc(causes, func(cause *store.Error) bool { return cause.Field != "" }) {
		return err // there is nothing to locate, and the server tells besides when to try again
	}
	return errorsOf(causes, func(e *jsonapi.Error, cause *store.Error) *jsonapi.Error {
		return e.At(pointerTo(in, cause))
	})
}

// errorsOf returns the errors of package store as error objects; at points those with a field to where it is in the request.
func errorsOf(causes store.Errors, at func(*jsonapi.Error, *store.Error) *jsonapi.Error) jsonapi.Errors {
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

func errorOf(cause *store.Error) *jsonapi.Error {
	e := jsonapi.NewError(codes[cause.Kind], "%s", cause.Message).Because(cause)
	switch {
	case cause.Parameter != "" && cause.Kind == store.Invalid:
		return jsonapi.NewError(jsonapi.InvalidParameter, "%s", cause.Message).InParameter(cause.Parameter)
	case cause.Parameter != "":
		return e.InParameter(cause.Parameter)
	case cause.Kind == store.PreconditionFailed:
		return e.InHeader("If-Match")
	case cause.Kind == store.OtherRequest:
		return e.InHeader(server.IdempotencyKey)
	default:
		return e
	}
}

func pointerTo(in *jsonapi.Input, cause *store.Error) string {
	if pointer, ok := pointedAt("/meta", cause); ok {
		return pointer
	}
	if cause.Kind == store.RelatedNotFound {
		if linkage, sent := in.Relationships[cause.Field]; sent && len(linkage.Refs) > cause.Index {
			return in.PointerToRef(cause.Field, cause.Index)
		}
	}
	return in.PointerTo(cause.Field)
}
