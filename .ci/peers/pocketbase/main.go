// A server of PocketBase with organizations that everybody may list, for .ci/peers/run.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	_ "github.com/pocketbase/pocketbase/migrations" // the tables of its own
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: pocketbase ADDRESS DIRECTORY ORGANIZATIONS")
	}
	organizations, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	app := core.NewBaseApp(core.BaseAppConfig{DataDir: os.Args[2]})
	if err := app.Bootstrap(); err != nil {
		log.Fatal(err)
	}
	if err := app.RunAllMigrations(); err != nil {
		log.Fatal(err)
	}
	if err := fill(app, organizations); err != nil {
		log.Fatal(err)
	}
	log.Fatal(apis.Serve(app, apis.ServeConfig{HttpAddr: os.Args[1]}))
}

// fill makes a collection with the attributes that an organization of Roster has, and as many records.
func fill(app core.App, organizations int) error {
	everybody := ""
	made := core.NewBaseCollection("organizations")
	made.ListRule, made.ViewRule = &everybody, &everybody
	made.Fields.Add(&core.TextField{Name: "name"}, &core.TextField{Name: "slug"}, &core.TextField{Name: "kind"},
		&core.TextField{Name: "description"}, &core.NumberField{Name: "number"}, &core.BoolField{Name: "isEventProducer"},
		&core.BoolField{Name: "locationTracking"}, &core.DateField{Name: "validFrom"}, &core.DateField{Name: "validTo"},
		&core.URLField{Name: "webhookUrl"}, &core.AutodateField{Name: "created", OnCreate: true},
		&core.AutodateField{Name: "updated", OnCreate: true, OnUpdate: true})
	made.AddIndex("organizations_created", false, "created", "")
	if err := app.Save(made); err != nil {
		return err
	}
	return app.RunInTransaction(func(tx core.App) error {
		for n := range organizations {
			record := core.NewRecord(made)
			record.Load(map[string]any{
				"name": fmt.Sprint("Organization ", n), "slug": fmt.Sprint("organization-", n), "kind": "company",
				"description": "Serves customers in more than twenty countries.", "number": n, "isEventProducer": true,
			})
			if err := tx.Save(record); err != nil {
				return err
			}
		}
		return nil
	})
}
