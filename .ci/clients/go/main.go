// Command roster-clients calls a server with the client that oapi-codegen makes of its OpenAPI document: it creates an organization and
// finds it again by a filter with an operator. It fails unless the answers are what the document says.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"roster-clients/client"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("the client of oapi-codegen created an organization and found it")
}

func run(ctx context.Context, server, key string) error {
	c, err := client.NewClientWithResponses(server, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	}))
	if err != nil {
		return err
	}
	created, err := c.CreateManagementOrganizationWithApplicationVndAPIPlusJSONBodyWithResponse(ctx, nil, client.OrganizationCreateDocument{
		Data: client.OrganizationCreate{
			Type: client.OrganizationsTypeOrganizations, Attributes: client.OrganizationCreateAttributes{Name: "Generated & Daughters"},
		},
	})
	if err != nil {
		return err
	}
	if created.ApplicationvndApiJSON201 == nil {
		return fmt.Errorf("creating an organization was answered with %s: %s", created.Status(), created.Body)
	}
	prefix, only, one := "Generated &", "name", client.PageSize(1)
	listed, err := c.ListManagementOrganizationsWithResponse(ctx, &client.ListManagementOrganizationsParams{
		PageSize: &one, Filter: &client.OrganizationComparisons{FilterNamePrefix: &prefix},
		Fields: &client.Fieldsets{FieldsOrganizations: &only},
	})
	if err != nil {
		return err
	}
	page := listed.ApplicationvndApiJSON200
	if page == nil || len(page.Data) != 1 || page.Data[0].Id != created.ApplicationvndApiJSON201.Data.Id ||
		page.Data[0].Attributes.CreatedAt != nil {
		return fmt.Errorf("listing it was answered with %s: %s", listed.Status(), listed.Body)
	}
	return nil
}
