package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/urfave/cli/v3"
)

// environment is the variables of a process, each as name=value.
type environment []string

// get returns the value of a variable, "" for one that is not there.
func (e environment) get(name string) string {
	for _, variable := range e {
		if value, is := strings.CutPrefix(variable, name+"="); is {
			return value
		}
	}
	return ""
}

// variablePrefix is how the names of all variables begin that are settings of this program.
const variablePrefix = "ROSTER_"

// otherVariables are those that no flag has.
var otherVariables = []string{secretKeyVariable, listenSecrets}

// unknownVariable is one that looks like a setting and is none, and the setting that may be meant, "" for none.
type unknownVariable struct{ name, nearest string }

// unknown returns the variables with the prefix of this program that are no setting, by their names. It leaves out what Kubernetes and the
// links of Docker make for a service which is called roster.
func (e environment) unknown() []unknownVariable {
	var known []cli.Flag
	for _, s := range new(config).settings() {
		known = append(known, &cli.StringFlag{Name: s.variable()})
	}
	for _, name := range otherVariables {
		known = append(known, &cli.StringFlag{Name: name})
	}
	var found []unknownVariable
	for _, variable := range slices.Sorted(slices.Values(e)) {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, variablePrefix) || value == "" || madeForService(name, value) ||
			slices.ContainsFunc(known, func(f cli.Flag) bool { return f.Names()[0] == name }) {
			continue
		}
		nearest := strings.TrimLeft(cli.SuggestFlag(known, name, true), "-") // there always is one, however far
		if !isMisspelt(strings.TrimPrefix(name, variablePrefix), strings.TrimPrefix(nearest, variablePrefix)) {
			nearest = ""
		}
		found = append(found, unknownVariable{name: name, nearest: nearest})
	}
	return found
}

// isMisspelt reports whether one name may have been meant with another: one has the other in it, or few letters are to be changed.
func isMisspelt(name, meant string) bool {
	return strings.Contains(name, meant) || strings.Contains(meant, name) || levenshtein.ComputeDistance(name, meant) <= 1+len(meant)/4
}

// What Kubernetes tells every container of a service:
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
var (
	serviceVariable = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
	servicePort     = regexp.MustCompile(`^(tcp|udp|sctp)://`) // somebody who wants another port gives its number
)

// madeForService reports whether a variable is one that a service of this name, or of one which begins with it, has made.
func madeForService(name, value string) bool {
	return serviceVariable.MatchString(name) || strings.HasSuffix(name, "_PORT") && servicePort.MatchString(value)
}

// warnOfVariables tells, once, of variables that are no setting. They are no errors: an installation may have some of its own that begin
// like this, and the platform that it runs on, too.
func (p *program) warnOfVariables(c *config) {
	if p.warned {
		return
	}
	p.warned = true
	for _, v := range p.environment.unknown() {
		about := []any{"variable", v.name}
		if v.nearest != "" {
			about = append(about, "nearest", v.nearest)
		}
		c.logger(p.stderr).Warn("a variable of the environment is no setting, and ignored", about...)
	}
}
