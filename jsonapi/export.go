package jsonapi

import "strings"

// Media types that a whole list is exported in.
const (
	NDJSON = "application/x-ndjson"
	CSV    = "text/csv"
	// CSVContent is what CSV is sent as: in UTF-8, with a line of names in front (RFC 4180 §3).
	CSVContent = CSV + "; charset=utf-8; header=present"
)

// PreferredExport returns the media type of an export that a request accepts rather than a document, from the values of Accept; "" for
// none. One is wanted only by its name; against a document that is named as well it needs the higher quality, against a wildcard no lower
// one (RFC 9110 §12.5.1).
func PreferredExport(accept []string) string {
	ranges := split(strings.Join(accept, ","), ',')
	if len(ranges) > maxAccept {
		return ""
	}
	named, wildcard := map[string]float64{}, 0.0
	best := ""
	for _, text := range ranges {
		base, params, err := parseMedia(text)
		if err != nil {
			continue
		}
		q := weight(params)
		switch base {
		case anyType, anyApplication:
			wildcard = max(wildcard, q)
		case NDJSON, CSV:
			if named[base] = max(named[base], q); best == "" || named[base] > named[best] {
				best = base
			}
		case MediaType:
			named[base] = max(named[base], q)
		}
	}
	if q := named[best]; q > named[MediaType] && q >= wildcard {
		return best
	}
	return ""
}
