// Package handlers serves the native JSON:API over HTTP: the route table (method, path, permission, handler), the middleware around it,
// and the only mapping from errors to status numbers.
package handlers
