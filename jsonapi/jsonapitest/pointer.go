package jsonapitest

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Resolves reports whether a JSON Pointer (RFC 6901) leads to something in a document.
func Resolves(document, pointer string) bool {
	var at any
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.UseNumber() // 1e400 is JSON, and no float64
	if decoder.Decode(&at) != nil {
		return false
	}
	before, path, nested := strings.Cut(pointer, "/")
	if before != "" {
		return false
	}
	if !nested {
		return true // the whole document
	}
	for token := range strings.SplitSeq(path, "/") {
		switch value := at.(type) {
		case map[string]any:
			member, ok := value[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
			if !ok {
				return false
			}
			at = member
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(value) || strconv.Itoa(i) != token {
				return false
			}
			at = value[i]
		default:
			return false
		}
	}
	return true
}
