package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"golang.org/x/image/draw"
)

// Square returns the middle of a picture as a PNG with that many pixels either way. The picture was checked before; the errors are those of
// [Check].
func Square(content []byte, side int) ([]byte, error) {
	_, picture, err := decode(content)
	if err != nil {
		return nil, err
	}
	square := image.NewNRGBA(image.Rect(0, 0, side, side))
	draw.CatmullRom.Scale(square, square.Bounds(), picture, middle(picture.Bounds()), draw.Src, nil)
	var out bytes.Buffer
	if err := png.Encode(&out, square); err != nil {
		return nil, fmt.Errorf("encode a square: %w", err)
	}
	return out.Bytes(), nil
}

// middle returns the largest square in the middle of a rectangle.
func middle(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	corner := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}
}
