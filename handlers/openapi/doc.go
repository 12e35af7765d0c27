// Package openapi makes the OpenAPI 3.1 document of the API from its route table and the schemas of its resource types. It knows no route
// by name: a new line of the table, or a new attribute of a model, is in the document without a change here. It serves nothing.
package openapi
