// Package handlers is the front door of the native JSON:API: the route table (method, path, permission, handler), and the codes by which
// errors are told. Everything that it shares with other front doors is in package server.
package handlers
