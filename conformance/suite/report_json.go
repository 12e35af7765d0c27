package suite

import (
	"encoding/json"
	"io"
)

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	type failure struct {
		Expected string `json:"expected"`
		Exchange string `json:"exchange,omitempty"`
	}
	type result struct {
		ID          string    `json:"id"`
		Level       Level     `json:"level"`
		Requirement string    `json:"requirement"`
		Section     string    `json:"section"`
		Outcome     Outcome   `json:"outcome"`
		Reason      string    `json:"reason,omitempty"`
		Checks      int       `json:"checks"`
		Failures    []failure `json:"failures,omitempty"`
	}
	page := struct {
		Server   string                    `json:"server"`
		Requests int                       `json:"requests"`
		Summary  map[Level]map[Outcome]int `json:"summary"`
		Results  []result                  `json:"results"`
	}{Server: r.Server, Requests: r.Requests, Summary: map[Level]map[Outcome]int{}}
	for _, one := range r.Results {
		if page.Summary[one.Level] == nil {
			page.Summary[one.Level] = map[Outcome]int{}
		}
		page.Summary[one.Level][one.Outcome]++
		line := result{
			ID: one.ID, Level: one.Level, Requirement: one.Requirement, Section: one.Row.Section(),
			Outcome: one.Outcome, Reason: one.Reason, Checks: one.Checks,
		}
		for _, f := range one.Failures {
			line.Failures = append(line.Failures, failure{f.Expected, f.Exchange.excerpt()})
		}
		page.Results = append(page.Results, line)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(page)
}
