package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// appendWire appends a value of SQLite as PostgreSQL has it on the wire, in the binary format, in a column of a type. That is how it is
// copied, and how it is compared with what arrived. It fails for what a column of that type cannot hold; the error does not tell the value.
func appendWire(to []byte, oid uint32, value any) ([]byte, error) {
	switch oid {
	case pgtype.TextOID:
		if s, ok := value.(string); ok {
			return appendText(to, s)
		}
	case pgtype.ByteaOID:
		if b, ok := value.([]byte); ok {
			return append(to, b...), nil
		}
	case pgtype.UUIDOID:
		if s, ok := value.(string); ok {
			return appendUUID(to, s)
		}
	case pgtype.BoolOID:
		switch v := value.(type) {
		case bool: // the driver knows the type of the column
			return append(to, byte(flagged(v).at)), nil
		case int64:
			if v == 0 || v == 1 {
				return append(to, byte(v)), nil
			}
		}
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		if n, ok := value.(int64); ok {
			return appendInteger(to, oid, n)
		}
	case pgtype.Float8OID:
		switch v := value.(type) {
		case float64:
			return binary.BigEndian.AppendUint64(to, math.Float64bits(v)), nil
		case int64: // SQLite keeps a whole number as one
			return binary.BigEndian.AppendUint64(to, math.Float64bits(float64(v))), nil
		}
	case pgtype.TimestamptzOID:
		if micro, ok := value.(int64); ok {
			return appendTime(to, micro)
		}
	default:
		return nil, fmt.Errorf("the column has a type that is not copied (%d)", oid)
	}
	return nil, errors.New("the value is of another type than the column")
}

func appendText(to []byte, s string) ([]byte, error) {
	switch {
	case strings.Contains(s, "\x00"):
		return nil, errors.New("the text has a character NUL, which PostgreSQL does not take")
	case !utf8.ValidString(s):
		return nil, errors.New("the text is no valid UTF-8, which PostgreSQL does not take")
	}
	return append(to, s...), nil
}

func appendUUID(to []byte, s string) ([]byte, error) {
	// In another spelling it would come back as another text.
	if id, err := hex.DecodeString(strings.ReplaceAll(s, "-", "")); err == nil && len(id) == 16 && string(appendID(nil, id)) == s {
		return append(to, id...), nil
	}
	return nil, errors.New("the value is no UUID in lower case")
}

func appendInteger(to []byte, oid uint32, n int64) ([]byte, error) {
	switch {
	case oid == pgtype.Int8OID:
		return binary.BigEndian.AppendUint64(to, uint64(n)), nil
	case oid == pgtype.Int4OID && n == int64(int32(n)):
		return binary.BigEndian.AppendUint32(to, uint32(n)), nil
	case oid == pgtype.Int2OID && n == int64(int16(n)):
		return binary.BigEndian.AppendUint16(to, uint16(n)), nil
	}
	return nil, errors.New("the number is too large for the column")
}

// earliestTime is the first that PostgreSQL keeps, in 4714 BC, in microseconds since 1970. The last that 64 bits of those can be is below
// its last, in 294276 (https://www.postgresql.org/docs/current/datatype-datetime.html).
const earliestTime = -210_866_803_200_000_000

func appendTime(to []byte, micro int64) ([]byte, error) {
	const epoch = wireEpoch * 1_000_000
	if micro < earliestTime {
		return nil, errors.New("the time is beyond those that PostgreSQL keeps")
	}
	return binary.BigEndian.AppendUint64(to, uint64(micro-epoch)), nil
}
