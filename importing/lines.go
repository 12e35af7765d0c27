package importing

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is the most bytes that one line may have, and the lines of one person together.
const maxLine = 1 << 20

// line is one line of a file, with its end.
type line struct {
	number int // from 1
	text   []byte
	long   bool // it has more than maxLine bytes, which are passed over
}

// blank reports whether there is nothing on a line.
func (l line) blank() bool { return !l.long && len(bytes.TrimSpace(l.text)) == 0 }

// lines reads a file line by line, and can look ahead.
type lines struct {
	in    *bufio.Reader
	ahead []line // were looked at and not taken
	last  int    // number of the last one that was read
}

// newLines reads a file, without the byte order mark that it may begin with.
func newLines(in io.Reader) *lines {
	l := &lines{in: bufio.NewReaderSize(in, 1<<16)}
	if mark, _ := l.in.Peek(3); string(mark) == "\ufeff" { // an error comes again
		_, _ = l.in.Discard(len(mark))
	}
	return l
}

// at returns the n-th line of those that are not taken, from 0. The error is io.EOF behind the last one.
func (l *lines) at(n int) (line, error) {
	for len(l.ahead) <= n {
		next, err := l.read()
		if err != nil {
			return line{}, err
		}
		l.ahead = append(l.ahead, next)
	}
	return l.ahead[n], nil
}

// take passes over the next n lines, which were looked at.
func (l *lines) take(n int) { l.ahead = l.ahead[n:] }

// first returns the next line on which there is something.
func (l *lines) first() (line, error) {
	for {
		next, err := l.at(0)
		if err != nil || !next.blank() {
			return next, err
		}
		l.take(1)
	}
}

func (l *lines) read() (line, error) {
	next := line{number: l.last + 1}
	for {
		piece, err := l.in.ReadSlice('\n')
		next.long = next.long || len(next.text)+len(piece) > maxLine
		if next.long {
			next.text = nil
		} else {
			next.text = append(next.text, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (next.long || len(next.text) > 0): // the last one has no end
		case err != nil:
			return line{}, err
		}
		l.last++
		return next, nil
	}
}
