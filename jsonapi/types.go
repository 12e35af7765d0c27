package jsonapi

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// Layouts of times on the wire, as in the published examples of the API: an offset in digits, never Z.
const (
	secondLayout   = "2006-01-02T15:04:05-07:00"
	fractionLayout = "2006-01-02T15:04:05.999999-07:00"
)

// Time is an instant that a client gave. It is printed in UTC with as much of its fraction as it has, so that it comes back as it was.
type Time struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"` + fractionLayout + `"`)), nil
}

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) { return t.Time, nil }

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error { return scanTime(&t.Time, src) }

// Stamp is an instant that the server took. It is kept to the microsecond and printed in whole seconds.
type Stamp struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Stamp) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"` + secondLayout + `"`)), nil
}

// Value implements driver.Valuer.
func (t Stamp) Value() (driver.Value, error) { return t.Time, nil }

// Scan implements sql.Scanner.
func (t *Stamp) Scan(src any) error { return scanTime(&t.Time, src) }

// scanTime reads what the databases return: a time, or microseconds where SQLite has lost the column's type.
func scanTime(t *time.Time, src any) error {
	switch v := src.(type) {
	case time.Time:
		*t = v.UTC()
	case int64:
		*t = time.UnixMicro(v).UTC()
	case nil:
		*t = time.Time{}
	default:
		return fmt.Errorf("scan %T as a time", src)
	}
	return nil
}

// timePattern is RFC 3339, from which time.Parse deviates here and there.
var timePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// ParseTime reads an RFC 3339 date-time with a year from 1 on. What is finer than a microsecond is cut off: that is what both databases
// keep, and each would round it in its own way. whole tells that it had no fraction.
func ParseTime(text string) (t time.Time, whole, ok bool) {
	match := timePattern.FindStringSubmatch(text)
	if match == nil {
		return t, false, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return t, false, false
	}
	return t.UTC().Truncate(time.Microsecond), match[1] == "", true
}

// Strings is a list of strings, kept as a JSON array in a text column.
type Strings []string

// MarshalJSON implements json.Marshaler: an empty list is [].
func (s Strings) MarshalJSON() ([]byte, error) { return Marshal(append([]string{}, s...)) }

// Value implements driver.Valuer.
func (s Strings) Value() (driver.Value, error) {
	b, err := s.MarshalJSON()
	return string(b), err
}

// Scan implements sql.Scanner.
func (s *Strings) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), (*[]string)(s))
	case []byte:
		return json.Unmarshal(v, (*[]string)(s))
	default:
		return fmt.Errorf("scan %T as a list of strings", src)
	}
}

// Raw is JSON that is kept in a text column and printed as it is.
type Raw []byte

// MarshalJSON implements json.Marshaler.
func (r Raw) MarshalJSON() ([]byte, error) {
	if len(r) == 0 {
		return Null, nil
	}
	return r, nil
}

// Value implements driver.Valuer.
func (r Raw) Value() (driver.Value, error) { return string(r), nil }

// Scan implements sql.Scanner.
func (r *Raw) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*r = Raw(v)
	case []byte:
		*r = append(Raw(nil), v...)
	default:
		return fmt.Errorf("scan %T as JSON", src)
	}
	return nil
}
