//go:build !no_console

package console

import (
	"embed"
	"io/fs"
)

// Built reports whether the program has a console.
const Built = true

//go:embed all:built
var embedded embed.FS

// built returns the files of the console.
func built() (fs.FS, error) { return fs.Sub(embedded, "built") }
