package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// errMoved says that another file is where an SQLite database was opened, or none.
var errMoved = errors.New("the database was moved, removed or replaced since it was opened")

// openedFile is the file of an SQLite database, as it was opened.
type openedFile struct {
	path  string
	first fs.FileInfo // nil until it was opened
}

// remember notes which file it is.
func (f *openedFile) remember() (err error) {
	f.first, err = os.Stat(f.path)
	return err //nolint:wrapcheck // it names the file, and whoever opens that says so
}

// check returns errMoved if the file is not in its place.
func (f *openedFile) check() error {
	if f.first == nil {
		return nil
	}
	switch now, err := os.Stat(f.path); {
	case err != nil:
		return fmt.Errorf("%w: %w", errMoved, err)
	case !os.SameFile(f.first, now):
		return fmt.Errorf("%w: %s is another file", errMoved, f.path)
	}
	return nil
}

// inPlace connects to an SQLite file as long as that is the one that was opened first. The connections that a pool has go on with the
// file that they have open, wherever it is by now. A new one would open what is in its place, with the log of the other beside it, which
// SQLite finds by its name: it would read what neither of them holds, or delete that log where the new file is empty.
type inPlace struct {
	driver.Connector
	file *openedFile
}

// Connect implements driver.Connector.
func (c inPlace) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.file.check(); err != nil {
		return nil, err
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // the driver's own
	}
	if err := c.file.check(); err != nil { // it was moved in this moment
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
