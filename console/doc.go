// Package console serves the web console: pages that run in a browser and are a client of the public API like any other. It has no route of
// its own besides those files, and knows nobody: whoever opens a page signs in through the API. Of the database it reads who may embed the
// page of a portal link.
//
// The sources are beside this file, in TypeScript, and built holds what Vite makes of them. That is kept in the repository, so that the
// program is built where there is only Go; .ci/console proves that it is what the sources give. With the build tag no_console the program
// has no console.
package console
