package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed examples.json
var recorded []byte

// RecordedExamples returns the examples that a test of package handlers recorded from the running service, and compares with it on every
// run.
func RecordedExamples() (Examples, error) {
	var e Examples
	if err := json.Unmarshal(recorded, &e); err != nil {
		return e, fmt.Errorf("read the recorded examples: %w", err)
	}
	return e, nil
}
