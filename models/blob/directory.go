package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"roster/models/store"
)

// directory keeps bytes in files below one directory, which may be shared by replicas. They are in folders by the end of their keys, which
// is random, so that no folder grows large. Each call opens what is at the path at that moment: one that was opened before may have been
// moved away, or be below what was mounted since, and nobody would find what is written there.
type directory struct{ at string }

// MakeDirectory makes a directory for files if it is not there, and reports whether it has. It does not make what that is in: a path with a
// mistake in it must not become a place.
func MakeDirectory(at string) (made bool, err error) {
	err = os.Mkdir(at, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err == nil {
		err = store.GiveToOwner(at)
	}
	if err != nil {
		return false, fmt.Errorf("make the directory of files: %w", err)
	}
	return true, nil
}

// InDirectory returns the store in a directory that is there. One that goes later is not made again, since it may be one that is to be
// mounted.
func InDirectory(at string) (Store, error) {
	root, err := os.OpenRoot(at)
	if err != nil {
		return nil, fmt.Errorf("open the directory of files: %w", err)
	}
	return directory{at}, root.Close()
}

// in calls with the directory that is at the path now. That there is none is no fs.ErrNotExist: it says nothing of what is in it.
func (d directory) in(do func(root *os.Root) error) error {
	root, err := os.OpenRoot(d.at)
	if err != nil {
		return fmt.Errorf("open the directory of files: %v", err) //nolint:errorlint // see above
	}
	return errors.Join(do(root), root.Close())
}

// folderOf returns the folder of a key: that of the id in it, so that what was made of the bytes of a file lies beside them.
func folderOf(key string) string { return key[34:36] }

func (d directory) Put(_ context.Context, key string, content []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := d.in(func(root *os.Root) error { return put(root, key, content) }); err != nil {
		return unavailable("put", key, err)
	}
	return nil
}

// put writes a file under another name and renames it once all of it is on the disk: there is never a part of one under its key.
func put(root *os.Root, key string, content []byte) error {
	folder := folderOf(key)
	err := root.Mkdir(folder, 0o700)
	if err == nil {
		err = give(root, ".", folder)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	at := path.Join(folder, key)
	unfinished := at + "." + rand.Text()
	file, err := root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = give(root, folder, unfinished)
	}
	if err == nil {
		err = root.Rename(unfinished, at)
	}
	if err != nil {
		_ = root.Remove(unfinished) // it may not be there
		return err
	}
	return errors.Join(sync(root, folder), sync(root, "."))
}

// give gives what root has made in a folder to whom that belongs to: a server that is not root's reads and removes it.
func give(root *os.Root, folder, made string) error {
	directory, err := root.Stat(folder)
	if err != nil {
		return err
	}
	info, err := root.Lstat(made)
	if err != nil {
		return err
	}
	if uid, gid, give := store.NewOwner(directory, info); give {
		return root.Lchown(made, uid, gid)
	}
	return nil
}

// sync makes the names in a folder survive a loss of power.
func sync(root *os.Root, folder string) error {
	opened, err := root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

func (d directory) Get(_ context.Context, key string) (content []byte, err error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	err = d.in(func(root *os.Root) (err error) {
		content, err = root.ReadFile(path.Join(folderOf(key), key))
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNotThere
	case err != nil:
		return nil, unavailable("get", key, err)
	}
	return content, nil
}

func (d directory) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := d.in(func(root *os.Root) error { return root.Remove(path.Join(folderOf(key), key)) })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unavailable("delete", key, err)
	}
	return nil
}
