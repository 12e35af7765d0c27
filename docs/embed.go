// Package docs holds the pages that the service serves about itself. The decisions in adr are for those who work on it, and stay here.
package docs

import "embed"

// Errors is the text about each error code, in Markdown.
//
//go:embed errors.md
var Errors []byte

// Viewer is the page that shows the OpenAPI document, with everything it loads.
//
//go:embed viewer/index.html viewer/errors.html viewer/page.css viewer/start.js viewer/swagger-ui.css viewer/swagger-ui-bundle.js
//go:embed viewer/LICENSE viewer/NOTICE viewer/swagger-ui-bundle.js.LICENSE.txt
var Viewer embed.FS
