package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// random matches what differs from run to run.
var random = regexp.MustCompile(`\b[0-9a-f]{64}\b|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|roster_[mou]_[0-9A-Za-z]{` +
	`12}_[0-9A-Za-z]{36}|roster_(?:[ip]_[0-9A-Za-z]{36}|l_[0-9A-Za-z]{49})|whsec_[0-9A-Za-z+/=]+|signature=[0-9A-Za-z_-]{43}|` +
	`http://127\.0\.0\.1:\d+`)

// randomKeyID matches the public part of a key, which one example will do for.
var randomKeyID = regexp.MustCompile(`("(?:keyId|previousKeyId)": ?)"[0-9A-Za-z]{12}"`)

func keep(st *story, examples map[string]json.RawMessage, name string, document []byte) {
	st.t.Helper()
	if kept, ok := examples[name]; ok && (!isEmpty(kept) || isEmpty(document)) {
		return
	}
	plain := random.ReplaceAllStringFunc(randomKeyID.ReplaceAllString(string(document), `$1"kQ3vX9aZ01Bc"`), func(found string) string {
		if st.names[found] == "" {
			st.names[found] = standIn(found, len(st.names)+1)
		}
		return st.names[found]
	})
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(plain), "    ", "  "); err != nil {
		st.t.Fatal(err)
	}
	examples[name] = indented.Bytes()
}

// isEmpty reports whether a document has no primary data. As an example, any other is better.
func isEmpty(document []byte) bool {
	var top struct{ Data any }
	if err := json.Unmarshal(document, &top); err != nil {
		return false
	}
	list, isList := top.Data.([]any)
	return top.Data == nil && bytes.Contains(document, []byte(`"data"`)) || isList && len(list) == 0
}

// standIn returns the n-th text to print instead of one that was found.
func standIn(found string, n int) string {
	switch {
	case strings.HasPrefix(found, "roster_"):
		return fmt.Sprintf("%sEXAMPLE%05d_%s", found[:len("roster_m_")], n, strings.Repeat("x", 36))
	case strings.HasPrefix(found, "whsec_"):
		return "whsec_ZXhhbXBsZSBleGFtcGxlIGV4YW1wbGUgZXhhbXBsZSA="
	case strings.HasPrefix(found, "signature="):
		return "signature=" + strings.Repeat("example", 6) + "s"
	case strings.HasPrefix(found, "http"): // where the test runs
		return "https://roster.example.com"
	case len(found) == 64: // a digest
		return strings.Repeat("0123456789abcdef", 4)
	default:
		return fmt.Sprintf("01912f6a-8c00-7abc-8def-%012d", n)
	}
}
