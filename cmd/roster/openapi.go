package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"roster/handlers"
)

func (p *program) openapiCommand() *cli.Command {
	return &cli.Command{
		Name:        "openapi",
		Usage:       "print the OpenAPI 3.1 document of the API",
		Description: "The same bytes that a server answers at /public/v2/openapi.json.\n\n   roster openapi > openapi.json",
		Action: func(context.Context, *cli.Command) error {
			document, err := handlers.OpenAPI()
			if err != nil {
				return err
			}
			if _, err := p.stdout.Write(document); err != nil {
				return fmt.Errorf("print the OpenAPI document: %w", err)
			}
			return nil
		},
	}
}
