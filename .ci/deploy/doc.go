// Package deploy checks what stands in deploy/ with the libraries of the tools that read it: Helm's linter and engine, the types of
// Kubernetes' API, the loader of Compose. It has no code but its tests. What names settings of the program is checked beside the program,
// in cmd/roster.
package deploy
