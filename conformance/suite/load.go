package suite

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is the JSON Schema of descriptions.
//
//go:embed description.schema.json
var Schema []byte

// LoadDescription reads and validates the description in a file.
func LoadDescription(name string) (*Description, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read description: %w", err)
	}
	d, err := ReadDescription(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// ReadDescription reads a description and validates it against the schema. Every error names its place. Unknown
// fields are errors, because a misspelt one would silently turn rows into "not applicable".
func ReadDescription(r io.Reader) (*Description, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read description: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("decode description: %w", located(raw, err))
	}
	if err := validateSchema(document); err != nil {
		return nil, err
	}
	d := &Description{}
	if err := json.Unmarshal(raw, d); err != nil {
		return nil, fmt.Errorf("decode description: %w", err)
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	return d, nil
}

// located adds line and column to what is wrong with the text of a JSON document.
func located(raw []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	before := raw[:min(int(syntax.Offset), len(raw))]
	line := 1 + bytes.Count(before, []byte("\n"))
	return fmt.Errorf("line %d, column %d: %w", line, len(before)-1-bytes.LastIndexByte(before, '\n'), err)
}

// validateSchema returns one line for each place where a document does not fit the schema.
func validateSchema(document any) error {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		return fmt.Errorf("decode schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("description.schema.json", schema); err != nil {
		return fmt.Errorf("add schema: %w", err)
	}
	compiled, err := compiler.Compile("description.schema.json")
	if err != nil {
		return fmt.Errorf("compile schema: %w", err)
	}
	var invalid *jsonschema.ValidationError
	if err := compiled.Validate(document); !errors.As(err, &invalid) {
		return err
	}
	var errs []error
	for _, leaf := range leaves(invalid) {
		place := ""
		for _, segment := range leaf.InstanceLocation {
			place += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(segment)
		}
		if place == "" {
			place = "the description"
		}
		errs = append(errs, fmt.Errorf("%s: %s", place, leaf.ErrorKind.LocalizedString(message.NewPrinter(language.English))))
	}
	return errors.Join(errs...)
}

// leaves returns the errors that no other error explains.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var list []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		list = append(list, leaves(cause)...)
	}
	return list
}
