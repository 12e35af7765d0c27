package handlers_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// uriReference is what the characters of a URI reference are (RFC 3986 §2, §4.1).
var uriReference = regexp.MustCompile(`^([-A-Za-z0-9._~:/?#@!$&'()*+,;=]|%[0-9A-F]{2})+$`)

// TestOneLinkIsNoURIReference is the exception of docs/conformance.md: the link that the published API prints, and no other.
func TestOneLinkIsNoURIReference(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		ids, raw := everyID(s), map[string]bool{}
		var walk func(path, in string, v any)
		walk = func(path, in string, v any) {
			switch v := v.(type) {
			case []any:
				for _, element := range v {
					walk(path, in, element)
				}
			case map[string]any:
				if typ, named := v["type"].(string); named && v["relationships"] != nil {
					in = typ
				}
				for name, member := range v {
					at := strings.TrimPrefix(in+"."+name, ".")
					if href, ok := member.(string); ok && name != "type" && strings.Contains(in,
						"links") && !uriReference.MatchString(href) {
						raw[at] = true
					}
					walk(path, at, member)
				}
			}
		}
		for typ, id := range ids {
			list := "/public/v2/" + typ
			for _, path := range []string{
				list + "/" + id, list + "?page[size]=1&filter[id]=" + id, list + "?page[after]=" + cursorOf(s, list, 0),
			} {
				walk(path, "", s.get(path).want(200).json())
			}
		}
		if got := fmt.Sprint(raw); got != "map[organizations.relationships.users.links.related:true]" {
			t.Errorf("no URI references: %s", got)
		}
	})
}
