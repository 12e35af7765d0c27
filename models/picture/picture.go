// Package picture decides whether bytes are a picture, and makes squares of one. It takes PNG, JPEG, GIF and WebP; what is not decoded in
// full is none. What is looked at was sent by somebody who may mean harm, so nothing is decoded before its cost is known.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// MaxSide is the greatest width and height of a picture.
const MaxSide = 4096

// AtOnce is how many pictures one process should decode at once. The worst of them takes about 400 MiB while it is decoded: a progressive
// JPEG keeps four bytes for each coefficient of each colour.
const AtOnce = 2

// Facts are what is known of a picture.
type Facts struct {
	ContentType   string
	Width, Height int
}

// The errors of Check.
var (
	// ErrNone: the bytes are no picture of a kind that is taken, or not all of one.
	ErrNone = errors.New("it is no PNG, JPEG, GIF or WebP that can be decoded")
	// ErrTooLarge: the picture has too many pixels, in one side or in all of its frames together.
	ErrTooLarge = errors.New("the picture is too large")
)

// format is one kind of picture.
type format struct {
	contentType string
	// magic is what it begins with; a question mark stands for any byte.
	magic  string
	config func(io.Reader) (image.Config, error)
	// cost returns ErrTooLarge for what would take more work or memory than its size tells; nil where nothing does.
	cost func(content []byte) error
	// decode decodes all of it and returns the first frame.
	decode func(io.Reader) (image.Image, error)
}

// formats are those that are taken. SVG is none of them: it is a document that runs scripts.
var formats = []format{
	{contentType: "image/png", magic: "\x89PNG\r\n\x1a\n", config: png.DecodeConfig, decode: png.Decode},
	{contentType: "image/jpeg", magic: "\xff\xd8\xff", config: jpeg.DecodeConfig, cost: scans, decode: jpeg.Decode},
	{contentType: "image/gif", magic: "GIF8?a", config: gif.DecodeConfig, cost: frames, decode: everyFrame},
	{contentType: "image/webp", magic: "RIFF????WEBPVP8", config: webp.DecodeConfig, decode: webp.Decode},
}

// Check returns what the bytes are. They are told by what they say themselves, and decoded in full; whatever follows the end of the picture
// is passed over. The error is ErrNone or ErrTooLarge.
func Check(content []byte) (Facts, error) {
	facts, _, err := decode(content)
	return facts, err
}

func decode(content []byte) (facts Facts, picture image.Image, err error) {
	f := formatOf(content)
	if f == nil {
		return facts, nil, ErrNone
	}
	config, err := f.config(bytes.NewReader(content))
	if err != nil || config.Width < 1 || config.Height < 1 {
		return facts, nil, ErrNone
	}
	facts = Facts{f.contentType, config.Width, config.Height}
	if config.Width > MaxSide || config.Height > MaxSide {
		return facts, nil, fmt.Errorf("%w: it has %d by %d pixels, and at most %d are taken either way", ErrTooLarge, config.Width,
			config.Height, MaxSide)
	}
	if f.cost != nil {
		if err := f.cost(content); err != nil {
			return facts, nil, err
		}
	}
	picture, err = f.decode(bytes.NewReader(content))
	if err != nil {
		return facts, nil, ErrNone
	}
	return facts, picture, nil
}

func formatOf(content []byte) *format {
	for i := range formats {
		magic := formats[i].magic
		if len(content) < len(magic) {
			continue
		}
		same := true
		for n := range len(magic) {
			same = same && (magic[n] == '?' || magic[n] == content[n])
		}
		if same {
			return &formats[i]
		}
	}
	return nil
}

// everyFrame decodes all frames of a GIF.
func everyFrame(r io.Reader) (image.Image, error) {
	all, err := gif.DecodeAll(r)
	if err != nil {
		return nil, err
	}
	first, size := all.Image[0], image.Rect(0, 0, all.Config.Width, all.Config.Height)
	if first.Rect == size {
		return first, nil
	}
	whole := image.NewNRGBA(size) // the frame is a part of it
	draw.Draw(whole, first.Rect, first, first.Rect.Min, draw.Src)
	return whole, nil
}
