package models

import "context"

type requestKey struct{}

// ForRequest returns the context of work that a request has caused and that is done after its answer, such as sending what it changed.
func ForRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestOf returns the id of the request that has caused the work of a context, "" for none. The context of a request itself has none.
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
