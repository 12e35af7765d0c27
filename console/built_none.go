//go:build no_console

package console

import "io/fs"

// Built reports whether the program has a console.
const Built = false

func built() (fs.FS, error) { return nil, fs.ErrNotExist }
