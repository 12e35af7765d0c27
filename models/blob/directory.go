package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// directory keeps bytes in files below one directory, which may be shared by replicas. They are in folders by the end of their keys, which
// is random, so that no folder grows large.
type directory struct{ root *os.Root }

// InDirectory returns the store in a directory, which it makes if it is not there.
func InDirectory(at string) (Store, error) {
	if err := os.MkdirAll(at, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of files: %w", err)
	}
	root, err := os.OpenRoot(at)
	if err != nil {
		return nil, fmt.Errorf("open the directory of files: %w", err)
	}
	return directory{root}, nil
}

// folderOf returns the folder of a key: that of the id in it, so that what was made of the bytes of a file lies beside them.
func folderOf(key string) string { return key[34:36] }

func (d directory) Put(_ context.Context, key string, content []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := d.put(key, content); err != nil {
		return unavailable("put", key, err)
	}
	return nil
}

// put writes a file under another name and renames it once all of it is on the disk: there is never a part of one under its key.
func (d directory) put(key string, content []byte) error {
	folder := folderOf(key)
	if err := d.root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	at := path.Join(folder, key)
	unfinished := at + "." + rand.Text()
	file, err := d.root.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = d.root.Rename(unfinished, at)
	}
	if err != nil {
		_ = d.root.Remove(unfinished) // it may not be there
		return err
	}
	return errors.Join(d.sync(folder), d.sync("."))
}

// sync makes the names in a folder survive a loss of power.
func (d directory) sync(folder string) error {
	opened, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

func (d directory) Get(_ context.Context, key string) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	file, err := d.root.Open(path.Join(folderOf(key), key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNotThere
	case err != nil:
		return nil, unavailable("get", key, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, unavailable("get", key, err)
	}
	return content, nil
}

func (d directory) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := d.root.Remove(path.Join(folderOf(key), key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unavailable("delete", key, err)
	}
	return nil
}
