package picture_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"roster/models/picture"
)

// noise returns a picture that compresses badly.
func noise(width, height int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, m) })
}

func jpegOf(t testing.TB, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, nil) })
}

// gifOf returns a GIF of some frames, each of them the whole picture in one colour.
func gifOf(t testing.TB, width, height, frames int) []byte {
	all := &gif.GIF{Config: image.Config{Width: width, Height: height}}
	for range frames {
		all.Image = append(all.Image, image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, color.White}))
		all.Delay = append(all.Delay, 1)
	}
	return encoded(t, func(b *bytes.Buffer) error { return gif.EncodeAll(b, all) })
}

// webpOf returns a small WebP, lossless or not.
func webpOf(t testing.TB, lossless bool) []byte {
	text := "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=" // 1×1
	if lossless {
		text = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// claiming returns a PNG whose header says another size, with its checksum put right.
func claiming(content []byte, width, height uint32) []byte {
	content = bytes.Clone(content)
	binary.BigEndian.PutUint32(content[16:], width)
	binary.BigEndian.PutUint32(content[20:], height)
	binary.BigEndian.PutUint32(content[29:], crc32.ChecksumIEEE(content[12:29]))
	return content
}

func TestWhatAPictureIs(t *testing.T) {
	t.Parallel()
	small := noise(40, 30)
	plain := pngOf(t, small)
	is := func(contentType string, width, height int) picture.Facts {
		return picture.Facts{ContentType: "image/" + contentType, Width: width, Height: height}
	}
	for name, c := range map[string]struct {
		content []byte
		want    picture.Facts
		err     error
	}{
		"a PNG":                     {plain, is("png", 40, 30), nil},
		"a JPEG":                    {jpegOf(t, small), is("jpeg", 40, 30), nil},
		"a GIF":                     {gifOf(t, 20, 10, 3), is("gif", 20, 10), nil},
		"a WebP":                    {webpOf(t, false), is("webp", 1, 1), nil},
		"a lossless WebP":           {webpOf(t, true), is("webp", 1, 1), nil},
		"bytes behind the end":      {append(bytes.Clone(plain), "<script>alert(1)</script>"...), is("png", 40, 30), nil},
		"a GIF with a script":       {append(gifOf(t, 20, 10, 1), "/*<svg onload=alert(1)>*/"...), is("gif", 20, 10), nil},
		"nothing":                   {nil, picture.Facts{}, picture.ErrNone},
		"an SVG":                    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), picture.Facts{}, picture.ErrNone},
		"an SVG behind a signature": {[]byte("\x89PNG\r\n\x1a\n<svg onload='alert(1)'/>"), picture.Facts{}, picture.ErrNone},
		"HTML":                      {[]byte("<!doctype html>"), picture.Facts{}, picture.ErrNone},
		"a BMP":                     {append([]byte("BM"), make([]byte, 100)...), picture.Facts{}, picture.ErrNone},
		"half a PNG":                {plain[:len(plain)/2], picture.Facts{}, picture.ErrNone},
		"a PNG without its end":     {plain[:len(plain)-12], picture.Facts{}, picture.ErrNone},
		"half a JPEG":               {jpegOf(t, noise(400, 300))[:5000], picture.Facts{}, picture.ErrNone},
		"a GIF without its end":     {gifOf(t, 20, 10, 3)[:60], picture.Facts{}, picture.ErrNone},
		"half a WebP":               {webpOf(t, true)[:28], picture.Facts{}, picture.ErrNone},
		"a PNG without pixels":      {claiming(plain, 0, 30), picture.Facts{}, picture.ErrNone},
		"a broken checksum":         {bytes.Replace(plain, plain[60:64], []byte{1, 2, 3, 4}, 1), picture.Facts{}, picture.ErrNone},
		"4096 pixels":               {pngOf(t, image.NewGray(image.Rect(0, 0, 4096, 2))), is("png", 4096, 2), nil},
		"4097 pixels":               {pngOf(t, image.NewGray(image.Rect(0, 0, 2, 4097))), picture.Facts{}, picture.ErrTooLarge},
		"a bomb of pixels":          {claiming(plain, 50_000, 50_000), picture.Facts{}, picture.ErrTooLarge},
		"frames without end":        {gifOf(t, 1, 1, 1001), picture.Facts{}, picture.ErrTooLarge},
		"a bomb of frames":          {gifOf(t, 4096, 4096, 5), picture.Facts{}, picture.ErrTooLarge},
		"a bomb behind a text":      {disguised(t, 0x01), picture.Facts{}, picture.ErrTooLarge},
		"a bomb behind a name":      {disguised(t, 0xff), picture.Facts{}, picture.ErrTooLarge},
		"a bomb of scans":           {scans(t, 65), picture.Facts{}, picture.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts, err := picture.Check(c.content)
			if !errors.Is(err, c.err) || err == nil && facts != c.want {
				t.Errorf("%+v %v, want %+v %v", facts, err, c.want, c.err)
			}
		})
	}
}

// disguised returns a GIF with too many frames behind an extension that package image/gif reads in another way than the specification has
// it: one that says that it is empty.
func disguised(t testing.TB, label byte) []byte {
	content := gifOf(t, 1, 1, 1001)
	at := 13
	if content[10]&0x80 != 0 {
		at += 3 << (content[10]&7 + 1)
	}
	extension := []byte{0x21, label, 0}
	if label == 0x01 {
		extension = append(extension, bytes.Repeat([]byte{0x3b}, 12)...)
	} else {
		extension = append(extension, 1, 0x3b)
	}
	return append(append(bytes.Clone(content[:at]), append(extension, 0)...), content[at:]...)
}

// scans returns a JPEG in which the one scan comes several times.
func scans(t testing.TB, n int) []byte {
	content := jpegOf(t, noise(16, 16))
	at := bytes.LastIndex(content, []byte{0xff, 0xda})
	scan := content[at : len(content)-2]
	return append(append(bytes.Clone(content[:at]), bytes.Repeat(scan, n)...), 0xff, 0xd9)
}

// TestABombCostsNothing checks pictures that are far too large many times over.
func TestABombCostsNothing(t *testing.T) {
	bombs := [][]byte{claiming(pngOf(t, noise(4, 4)), 50_000, 50_000), gifOf(t, 4096, 4096, 5), scans(t, 500)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range 100 {
		for _, bomb := range bombs {
			if _, err := picture.Check(bomb); !errors.Is(err, picture.ErrTooLarge) {
				t.Fatal(err)
			}
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 64<<20 {
		t.Errorf("300 bombs took %d bytes", taken)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("300 bombs took %s", took)
	}
}

func TestASquareIsTheMiddle(t *testing.T) {
	t.Parallel()
	wide := image.NewNRGBA(image.Rect(0, 0, 300, 100)) // red, green, blue
	for x := range 300 {
		for y := range 100 {
			wide.SetNRGBA(x, y, []color.NRGBA{{R: 255, A: 255}, {G: 255, A: 255}, {B: 255, A: 255}}[x/100])
		}
	}
	part := &gif.GIF{Config: image.Config{Width: 300, Height: 100}, Delay: []int{0}, // one frame in the middle
		Image: []*image.Paletted{image.NewPaletted(image.Rect(100, 0, 200, 100), color.Palette{color.NRGBA{G: 255, A: 255}})}}
	for name, content := range map[string][]byte{
		"a PNG": pngOf(t, wide), "a GIF with a part of it": encoded(t, func(b *bytes.Buffer) error { return gif.EncodeAll(b, part) }),
	} {
		for _, side := range []int{64, 256} {
			square, err := picture.Square(content, side)
			if err != nil {
				t.Fatal(err)
			}
			m, err := png.Decode(bytes.NewReader(square))
			if err != nil || m.Bounds() != image.Rect(0, 0, side, side) {
				t.Fatalf("%s: %v %v", name, m, err)
			}
			r, g, b, a := m.At(side/2, side/2).RGBA()
			if r != 0 || g != 0xffff || b != 0 || a != 0xffff {
				t.Errorf("%s: the middle is %x %x %x %x", name, r, g, b, a)
			}
		}
	}
	if _, err := picture.Square([]byte(strings.Repeat("x", 100)), 64); !errors.Is(err, picture.ErrNone) {
		t.Errorf("what is no picture: %v", err)
	}
}
