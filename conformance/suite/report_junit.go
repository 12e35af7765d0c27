package suite

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
	Skipped *junitSkipped `xml:"skipped,omitempty"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// JUnit writes the report as JUnit XML: a suite for each area, a case for each result. A failure that does not count is skipped and
// says so, since the format has no word for it.
func (r *Report) JUnit(w io.Writer) error {
	page := junitSuites{Name: "JSON:API 1.1 conformance of " + r.Server}
	byArea := map[string]int{}
	for _, result := range r.Results {
		area := result.Row.Area()
		i, known := byArea[area]
		if !known {
			i = len(page.Suites)
			byArea[area] = i
			page.Suites = append(page.Suites, junitSuite{Name: area + ": " + areaTitles[area]})
		}
		one, s := r.junitCase(result), &page.Suites[i]
		s.Cases = append(s.Cases, one)
		s.Tests, page.Tests = s.Tests+1, page.Tests+1
		if one.Failure != nil {
			s.Failures, page.Failures = s.Failures+1, page.Failures+1
		}
		if one.Skipped != nil {
			s.Skipped, page.Skipped = s.Skipped+1, page.Skipped+1
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(page); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (r *Report) junitCase(result Result) junitCase {
	one := junitCase{Name: fmt.Sprintf("%s (%s) %s", result.ID, result.Level, result.Requirement), Class: result.Row.Area()}
	switch {
	case result.Outcome == Failed && r.counts(result.Level):
		one.Failure = &junitFailure{Message: result.summary(), Type: string(result.Level), Text: result.details()}
	case result.Outcome == Failed:
		one.Skipped = &junitSkipped{Message: "failed, but " + string(result.Level) + " does not count: " + result.summary()}
		one.Output = result.details()
	case result.Outcome != Passed:
		one.Skipped = &junitSkipped{Message: string(result.Outcome) + ": " + result.Reason}
	}
	return one
}

// summary says in one line what was expected first.
func (r Result) summary() string {
	if len(r.Failures) == 1 {
		return "expected " + r.Failures[0].Expected
	}
	return fmt.Sprintf("expected %s, and %d more", r.Failures[0].Expected, len(r.Failures)-1)
}

// details lists the failures as the text report does, without characters that XML cannot hold.
func (r Result) details() string {
	var b strings.Builder
	r.text(&writer{w: &b})
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' && c != '\t' {
			return '\uFFFD'
		}
		return c
	}, b.String())
}
