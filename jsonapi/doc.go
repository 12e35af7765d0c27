// Package jsonapi is the wire language of the service: JSON:API 1.1 documents, queries, media types and errors as data.
//
// It decides how a request is read and how an answer is written, and never what a resource means: rules of the business live in
// package models, status lines and headers of one exchange in package handlers. It is the only importer of google/jsonapi, which
// turns tagged structs into resource objects; everything that library lacks (strict decoding with presence and pointers,
// relationships, links, negotiation, queries, errors with sources) is here.
//
// References in comments name sections of https://jsonapi.org/format/1.1/.
package jsonapi
