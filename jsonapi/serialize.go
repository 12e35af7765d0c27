package jsonapi

import "github.com/google/jsonapi"

var _ = jsonapi.Marshal
