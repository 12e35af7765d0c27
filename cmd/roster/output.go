package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"roster/models/store"
)

// output is stdout, and remembers that something could not be written to it: a command whose user saw nothing has not succeeded, whatever
// it did.
type output struct {
	to io.Writer

	mu     sync.Mutex
	failed error // the first one
}

// Write implements io.Writer.
func (o *output) Write(text []byte) (int, error) {
	n, err := o.to.Write(text)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.failed == nil {
			o.failed = err
		}
	}
	return n, err
}

// errUnseen says that nobody would see what is printed.
var errUnseen = errors.New("stdout is closed, or leads to " + os.DevNull)

// seen returns errUnseen for a stdout that takes everything and keeps nothing. One that is closed (>&-) is the same for a program in Go.
func (o *output) seen() error {
	file, is := o.to.(*os.File)
	if !is {
		return nil
	}
	if to, err := file.Stat(); err == nil {
		if nowhere, err := os.Stat(os.DevNull); err == nil && sameDevice(to, nowhere) {
			return errUnseen
		}
	}
	return nil
}

// check returns the error of a command: that with which it ended, and that of stdout unless it tells of that already.
func (o *output) check(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed == nil || err != nil && err.Error() != o.failed.Error() && errors.Is(err, o.failed) {
		return err
	}
	lost := fmt.Errorf("what the command prints is lost, or a part of it, since stdout cannot be written (%w); make room there, or lead "+
		"it elsewhere", o.failed)
	if err == nil || errors.Is(err, o.failed) {
		return lost
	}
	return errors.Join(err, lost)
}

// handOver makes a secret and gives it to who is to have it, in one transaction: where it cannot be given, on a full disk for example, none
// is made. create returns "" where there is nothing to make.
func handOver(
	ctx context.Context, db *store.DB, create func(tx *store.DB) (secret string, err error), give func(secret string) error,
) error {
	given := false
	err := store.Transaction(ctx, db, func(tx *store.DB) error {
		if given { // and the database refused the commit: who has read one secret does not look for another below it
			return errors.New("the database did not keep it")
		}
		secret, err := create(tx)
		if err != nil || secret == "" {
			return err
		}
		switch err := give(secret); {
		case errors.Is(err, errUnseen):
			return fmt.Errorf("no key was made, because nobody would see it: %w; lead stdout elsewhere, and try again", err)
		case err != nil:
			return fmt.Errorf("no key was made, because it could not be printed: %w; make room there, or lead stdout elsewhere, and try "+
				"again", err)
		}
		given = true
		return nil
	})
	if err != nil && given {
		err = fmt.Errorf("a key was printed that may not work ('roster key list' shows whether it is there): %w", err)
	}
	return err
}
