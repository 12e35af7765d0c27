package store

import (
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// Answer is all that a query has found: rows of columns, both counted from 0. Its texts are parts of one string, so that what keeps one of
// them keeps all.
type Answer struct {
	columns int
	cells   []cell
	bytes   []byte         // of texts and of bytes
	text    string         // the same, when a text has been asked for
	values  []driver.Value // of one row, as a driver returns them
}

// cell is one value. Texts and bytes are at a place and so long, a moment is seconds since 1970 and microseconds; numbers are at only.
type cell struct {
	kind
	at, size int64
}

type kind byte

const (
	null kind = iota
	text      // also an id
	bytea
	number
	flag // 0 for false, 1 for true
	real // the bits of a float64
	moment
	unknown // what only the driver can read; no cell is of this kind
)

// answers are those that are not in use, with the memory of what they held.
var answers = sync.Pool{New: func() any { return &Answer{} }}

// What an answer keeps for the next one: enough for a page of large rows.
const (
	keptBytes = 1 << 20
	keptCells = 1 << 14
)

// release gives an answer back.
func (a *Answer) release() {
	if cap(a.bytes) <= keptBytes && cap(a.cells) <= keptCells {
		clear(a.values)
		*a = Answer{cells: a.cells[:0], bytes: a.bytes[:0], values: a.values[:0]}
		answers.Put(a)
	}
}

// Len returns the number of rows.
func (a *Answer) Len() int { return len(a.cells) / max(a.columns, 1) }

// Row returns one row of an answer as an answer, which shares its texts.
func (a *Answer) Row(row int) *Answer {
	return &Answer{columns: a.columns, cells: a.cells[row*a.columns:][:a.columns], bytes: a.bytes, text: a.text}
}

// Filled returns how many rows have something else than NULL in a column.
func (a *Answer) Filled(column int) (n int) {
	for i := column; i < len(a.cells); i += a.columns {
		if a.cells[i].kind != null {
			n++
		}
	}
	return n
}

func (a *Answer) cell(row, column int) cell { return a.cells[row*a.columns+column] }

// Null reports whether there is nothing at a place.
func (a *Answer) Null(row, column int) bool { return a.cell(row, column).kind == null }

// Number returns the number at a place, 1 for true; 0 for anything else.
func (a *Answer) Number(row, column int) int64 {
	if c := a.cell(row, column); c.kind == number || c.kind == flag {
		return c.at
	}
	return 0
}

// Text returns the text or id at a place, "" for anything else.
func (a *Answer) Text(row, column int) string {
	if c := a.cell(row, column); c.kind == text {
		return a.textOf(c)
	}
	return ""
}

func (a *Answer) textOf(c cell) string {
	if a.text == "" {
		a.text = string(a.bytes)
	}
	return a.text[c.at : c.at+c.size]
}

// AppendRow appends all that a row has, so that rows of one query are alike where what is appended is.
func (a *Answer) AppendRow(out []byte, row int) []byte {
	for _, c := range a.cells[row*a.columns:][:a.columns] {
		out = append(out, byte(c.kind))
		if c.kind == text || c.kind == bytea {
			out = append(binary.AppendVarint(out, c.size), a.bytes[c.at:c.at+c.size]...)
		} else {
			out = binary.AppendVarint(binary.AppendVarint(out, c.at), c.size)
		}
	}
	return out
}

// Into writes what is at a place to where a pointer leads: to a string, int64, float64, bool, time.Time (in UTC), []byte, or a sql.Scanner.
// NULL leaves it as it is. It fails if it is of another kind.
func (a *Answer) Into(row, column int, pointer any) error {
	c := a.cell(row, column)
	done := c.kind == null
	switch p := pointer.(type) {
	case *string:
		if c.kind == text || c.kind == bytea {
			*p, done = a.textOf(c), true
		}
	case *[]byte:
		if c.kind == text || c.kind == bytea {
			*p, done = append([]byte{}, a.bytes[c.at:c.at+c.size]...), true
		}
	case *int64:
		if c.kind == number {
			*p, done = c.at, true
		}
	case *float64:
		switch c.kind {
		case real:
			*p, done = math.Float64frombits(uint64(c.at)), true
		case number:
			*p, done = float64(c.at), true
		}
	case *bool:
		if c.kind == flag || c.kind == number { // SQLite has no other
			*p, done = c.at != 0, true
		}
	case *time.Time:
		switch c.kind {
		case moment:
			*p, done = c.time(), true
		case number: // SQLite has lost the type of the column
			*p, done = time.UnixMicro(c.at).UTC(), true
		}
	case sql.Scanner:
		if !done {
			return p.Scan(a.value(c))
		}
	}
	if !done {
		return fmt.Errorf("column %d has a %T, which is no %T", column, a.value(c), pointer)
	}
	return nil
}

func (c cell) time() time.Time { return time.Unix(c.at, c.size*1000).UTC() }

// value returns what database/sql would return.
func (a *Answer) value(c cell) any {
	switch c.kind {
	case text:
		return a.textOf(c)
	case bytea:
		return append([]byte{}, a.bytes[c.at:c.at+c.size]...)
	case number:
		return c.at
	case flag:
		return c.at != 0
	case real:
		return math.Float64frombits(uint64(c.at))
	case moment:
		return c.time()
	}
	return nil
}

// answerOf reads all that a driver has found, row by row, until next returns io.EOF.
func answerOf(columns int, next func([]driver.Value) error) (*Answer, error) {
	a := answers.Get().(*Answer)
	a.columns, a.values = columns, append(a.values, make([]driver.Value, columns)...)
	for {
		switch err := next(a.values); {
		case errors.Is(err, io.EOF):
			return a, nil
		case err != nil:
			return a.complete(err)
		}
		for _, v := range a.values {
			if err := a.add(v); err != nil {
				return a.complete(err)
			}
		}
	}
}

// complete returns the answer, or an error.
func (a *Answer) complete(err error) (*Answer, error) {
	if err != nil {
		a.release()
		return nil, err
	}
	return a, nil
}

// add adds the value of a driver.
func (a *Answer) add(value any) error {
	switch v := value.(type) {
	case nil:
		a.cells = append(a.cells, cell{})
	case string:
		a.cells = append(a.cells, cell{text, int64(len(a.bytes)), int64(len(v))})
		a.bytes = append(a.bytes, v...)
	case []byte:
		if v == nil { // so SQLite's driver returns no bytes
			return a.add(nil)
		}
		a.keep(bytea, v)
	case int64:
		a.cells = append(a.cells, cell{kind: number, at: v})
	case bool:
		a.cells = append(a.cells, flagged(v))
	case float64:
		a.cells = append(a.cells, cell{kind: real, at: int64(math.Float64bits(v))})
	case time.Time:
		a.cells = append(a.cells, cell{moment, v.Unix(), int64(v.Nanosecond() / 1000)})
	default:
		return fmt.Errorf("a database answers with a %T", value)
	}
	return nil
}

// keep adds a text, or bytes.
func (a *Answer) keep(k kind, raw []byte) {
	a.cells = append(a.cells, cell{k, int64(len(a.bytes)), int64(len(raw))})
	a.bytes = append(a.bytes, raw...)
}

func flagged(v bool) cell {
	if v {
		return cell{kind: flag, at: 1}
	}
	return cell{kind: flag}
}

// answerOnWire reads all that PostgreSQL has found, and closes it.
func answerOnWire(types *pgtype.Map, rows pgx.Rows) (*Answer, error) {
	defer rows.Close()
	a := answers.Get().(*Answer)
	for rows.Next() {
		columns := rows.FieldDescriptions()
		for i, raw := range rows.RawValues() {
			if a.wire(&columns[i], raw) {
				continue
			}
			value, err := valueOf(types, &columns[i], raw)
			if err == nil {
				err = a.add(value)
			}
			if err != nil {
				return a.complete(err)
			}
		}
		a.columns = len(columns)
	}
	return a.complete(rows.Err())
}

// The beginning of the time of PostgreSQL's wire, 2000-01-01, in seconds since 1970.
const wireEpoch = 946_684_800

// wire adds a value as it comes on the wire, and reports false for one that it does not know.
func (a *Answer) wire(column *pgconn.FieldDescription, raw []byte) bool {
	k := kindOf(column)
	switch {
	case raw == nil:
		a.cells = append(a.cells, cell{})
	case k == text && column.DataTypeOID == pgtype.UUIDOID && len(raw) == 16:
		a.cells = append(a.cells, cell{text, int64(len(a.bytes)), 36})
		a.bytes = appendID(a.bytes, raw)
	case k == text || k == bytea:
		a.keep(k, raw)
	case k == flag && len(raw) == 1:
		a.cells = append(a.cells, flagged(raw[0] != 0))
	case k == number && len(raw) == 2:
		a.cells = append(a.cells, cell{kind: number, at: int64(int16(binary.BigEndian.Uint16(raw)))})
	case k == number && len(raw) == 4:
		a.cells = append(a.cells, cell{kind: number, at: int64(int32(binary.BigEndian.Uint32(raw)))})
	case (k == number || k == real) && len(raw) == 8:
		a.cells = append(a.cells, cell{kind: k, at: int64(binary.BigEndian.Uint64(raw))})
	case k == moment && len(raw) == 8:
		at := int64(binary.BigEndian.Uint64(raw))
		if at == math.MaxInt64 || at == math.MinInt64 {
			return false // infinity
		}
		seconds, rest := at/1e6, at%1e6
		if rest < 0 {
			seconds, rest = seconds-1, rest+1e6
		}
		a.cells = append(a.cells, cell{moment, seconds + wireEpoch, rest})
	default:
		return false
	}
	return true
}

// kindOf returns the kind of a column whose values wire knows.
func kindOf(column *pgconn.FieldDescription) kind {
	switch column.DataTypeOID {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.NameOID: // are the same in both formats
		return text
	}
	if column.Format != pgtype.BinaryFormatCode {
		return unknown
	}
	switch column.DataTypeOID {
	case pgtype.UUIDOID:
		return text
	case pgtype.ByteaOID:
		return bytea
	case pgtype.BoolOID:
		return flag
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return number
	case pgtype.Float8OID:
		return real
	case pgtype.TimestamptzOID:
		return moment
	}
	return unknown
}

// appendID appends the text of an id.
func appendID(to, id []byte) []byte {
	for i, n := range [...]int{4, 2, 2, 2, 6} {
		if i > 0 {
			to = append(to, '-')
		}
		to, id = hex.AppendEncode(to, id[:n]), id[n:]
	}
	return to
}

// valueOf returns what database/sql would make of a value, by the types that the connection knows; but arrays, which it would ask for as
// texts, are not read.
func valueOf(types *pgtype.Map, column *pgconn.FieldDescription, raw []byte) (any, error) {
	known, ok := types.TypeForOID(column.DataTypeOID)
	if !ok {
		return string(raw), nil
	}
	if _, array := known.Codec.(*pgtype.ArrayCodec); array {
		return nil, fmt.Errorf("column %s is an array of the type %s", column.Name, known.Name)
	}
	return known.Codec.DecodeDatabaseSQLValue(types, column.DataTypeOID, column.Format, raw)
}
