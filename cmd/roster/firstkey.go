package main

import (
	"context"
	"fmt"
	"io"

	"roster/models"
)

// firstKey gives a new installation its first management key.
func (a *app) firstKey(ctx context.Context, stdout io.Writer, listen string) error {
	key, err := models.CreateFirstManagementKey(ctx, a.db)
	if err != nil {
		return fmt.Errorf("make the first management key: %w", err)
	}
	if key == "" { // made before
		return nil
	}
	return printFirstKey(stdout, a.cfg.publicURL(listen), key)
}

// printFirstKey shows the management key of a new installation, the only time anybody can see it, and a command that works when pasted.
func printFirstKey(stdout io.Writer, base, key string) error {
	_, err := fmt.Fprintf(stdout, `The first management key, shown this once:

  %[1]s

Try it:

  curl -H 'Authorization: Bearer %[1]s' %[2]s/public/v2/management/organizations

`, key, base)
	if err != nil {
		return fmt.Errorf("print the first management key (make another one with 'roster key create'): %w", err)
	}
	return nil
}

// publicURL returns the base of the URLs that are printed for users: the configured one, or the one of this machine.
func (c *config) publicURL(listen string) string {
	if c.baseURL != "" {
		return c.baseURL
	}
	return c.ownURL(listen)
}
