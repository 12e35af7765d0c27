package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// Draft is a file that is written before it gets its name, in a directory of its own beside where it is to be. Whoever writes the next
// draft there removes what a process that was killed has left.
type Draft struct {
	dir  string
	to   string // where it is to be, which is the name that people have heard of
	lock *flock.Flock
}

// draftPrefix is how the names of the directories of drafts begin.
const draftPrefix = ".roster-draft-"

// NewDraft makes an empty file that only its owner can read, for one that is to be at path. It fails with fs.ErrExist if something is
// there.
func NewDraft(path string) (*Draft, error) {
	RemoveDrafts(filepath.Dir(path))
	if _, err := os.Lstat(path); err == nil {
		return nil, &fs.PathError{Op: "write", Path: path, Err: fs.ErrExist}
	}
	const most = 20 // others that look for drafts, each in the moment between two lines
	for range most {
		d, err := newDraft(filepath.Dir(path))
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		if d != nil {
			d.to = path
			return d, nil
		}
	}
	return nil, fmt.Errorf("write %s: its draft was removed again and again", path)
}

// newDraft makes an empty draft in a directory. It returns nil if another process took it for one that nobody has, before it was claimed.
func newDraft(directory string) (*Draft, error) {
	dir, err := os.MkdirTemp(directory, draftPrefix+"*") // mode 0700
	if at := (*fs.PathError)(nil); errors.As(err, &at) { // nobody has heard of a draft
		err = fmt.Errorf("no file can be made in %s: %w", directory, at.Err)
	}
	if err != nil {
		return nil, err
	}
	d := draftIn(dir, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	switch claimed, err := d.claim(); {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !claimed:
		return nil, nil //nolint:nilnil // there is none, and nothing is wrong
	case err != nil:
		return nil, errors.Join(d.withoutName(err), os.RemoveAll(dir))
	}
	file, err := os.OpenFile(d.Path(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		d.Close()
		return nil, d.withoutName(err)
	}
	return d, nil
}

// withoutName takes the name of the draft out of an error, which nobody has heard of and which is gone when it is read.
func (d *Draft) withoutName(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) && strings.HasPrefix(at.Path, d.dir) {
		return at.Err
	}
	if at := (*os.LinkError)(nil); errors.As(err, &at) && strings.HasPrefix(at.Old, d.dir) {
		return at.Err
	}
	return err
}

func draftIn(dir string, options ...flock.Option) *Draft {
	return &Draft{dir: dir, lock: flock.New(filepath.Join(dir, "lock"), options...)}
}

// claim makes the draft that of this process until it ends, however it does, and reports whether it is.
func (d *Draft) claim() (claimed bool, err error) {
	taken, err := d.lock.TryLock()
	if err == nil && taken {
		_, err = os.Lstat(d.lock.Path()) // names are not used twice: it is the file that is locked, or another process has removed that
	}
	if err != nil || !taken {
		return false, errors.Join(err, d.lock.Close())
	}
	return true, nil
}

// RemoveDrafts removes the drafts in a directory that no process has any more, those that it may. What is left is of no use and no harm.
func RemoveDrafts(directory string) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return // whoever writes there finds out why
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), draftPrefix) {
			continue
		}
		dir := filepath.Join(directory, entry.Name())
		// It makes no file: in a directory that all may write to, the name could lead elsewhere.
		d := draftIn(dir, flock.SetFlag(os.O_RDWR))
		if claimed, err := d.claim(); err == nil && claimed {
			d.Close()
			continue
		}
		_ = os.Remove(dir) // one that is empty has no lock yet: whoever has just made it makes another
	}
}

// Path returns where the draft is. What SQLite keeps beside it is removed with it.
func (d *Draft) Path() string { return filepath.Join(d.dir, "draft") }

// Fill writes everything that can be read into the draft. The error names the place where the draft is to be, or what could not be read.
func (d *Draft) Fill(from io.Reader) error {
	file, err := os.OpenFile(d.Path(), os.O_WRONLY, 0)
	if err == nil {
		_, err = io.Copy(file, from)
		if closed := file.Close(); err == nil {
			err = closed
		}
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", d.to, d.withoutName(err))
	}
	return nil
}

// GiveToOwner gives a draft that root has made to whom the directory belongs to that it is to be in, see [GiveToOwner].
func (d *Draft) GiveToOwner() error {
	if err := giveToOwner(d.Path(), filepath.Dir(d.dir)); err != nil {
		return fmt.Errorf("give %s to the owner of its directory: %w", d.to, d.withoutName(err))
	}
	return nil
}

// Publish gives the draft a name in the directory that it was made for, once it is on the disk, and returns its size in bytes. It fails
// with fs.ErrExist if something has the name.
func (d *Draft) Publish(path string) (size int64, err error) {
	file, err := os.OpenFile(d.Path(), os.O_RDWR, 0) // what is to be synchronized has to be open for writing on some systems
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", path, d.withoutName(err))
	}
	info, err := file.Stat()
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return 0, fmt.Errorf("write %s: %w", path, d.withoutName(err))
	}
	if err := os.Link(d.Path(), path); err != nil { // unlike a renaming, it replaces nothing
		return 0, fmt.Errorf("write %s: %w", path, d.withoutName(err))
	}
	return info.Size(), syncDirectory(filepath.Dir(path))
}

// Close removes the draft, and leaves what was published.
func (d *Draft) Close() {
	_ = os.RemoveAll(d.dir)
	_ = d.lock.Close()
	_ = os.RemoveAll(d.dir) // some systems keep a file that is open
}

// syncDirectory has the names in a directory written to the disk, where the system can.
func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer dir.Close() //nolint:errcheck // it was only read
	if err := dir.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, os.ErrInvalid) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
