package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v3"

	"roster/server"
)

// What the program is told of itself when it is built from a copy without its repository: go build -ldflags "-X main.commit=…". They are
// variables because the linker sets nothing else; nothing changes them.
var release, commit, committed string

// thisBuild returns which build this is. What nobody has said of it is "unknown". The date is that of the commit, so that who builds the
// same again gets the same program.
func thisBuild() server.Build {
	b := server.Build{Version: release, Commit: commit, Date: committed}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(b.Version, info.Main.Version)
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = cmp.Or(b.Commit, s.Value)
			case "vcs.time":
				b.Date = cmp.Or(b.Date, s.Value)
			}
		}
	}
	const unknown = "unknown"
	return server.Build{Version: cmp.Or(b.Version, unknown), Commit: cmp.Or(b.Commit, unknown), Date: cmp.Or(b.Date, unknown)}
}

// version returns the version of the program.
func version() string { return thisBuild().Version }

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version, the commit and its date",
		Description: "The metric roster_build_info, the line \"started\" in the log of a server and its page /docs say the same.\n\n" +
			"   roster version --json",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a JSON object"}},
		Action: func(_ context.Context, cmd *cli.Command) error {
			b, platform := thisBuild(), runtime.GOOS+"/"+runtime.GOARCH
			if cmd.Bool("json") {
				return json.NewEncoder(p.stdout).Encode(map[string]string{
					"version": b.Version, "commit": b.Commit, "date": b.Date, "go": runtime.Version(), "platform": platform,
				})
			}
			_, err := fmt.Fprintf(p.stdout, "roster %s commit %s of %s %s %s\n", b.Version, b.Commit, b.Date, runtime.Version(), platform)
			return err
		},
	}
}
