package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"roster/jsonapi"
	"roster/models"
)

// The demo's companies that have at least so many organizations in their tree have a logo, and of them no more than so many.
const (
	treeWithLogo = 25
	maxLogos     = 200
)

// addLogo gives the company of a tree a logo, if the tree is large enough. Its choices are a sequence of their own, so that those of the
// tree are what they were before there were logos.
func (t *demoTree) addLogo() {
	company := t.batch.Organizations[t.first]
	if len(t.levels) < treeWithLogo || t.logos == maxLogos {
		return
	}
	t.logos++
	t.batch.Logos = append(t.batch.Logos, logoOf(company, t.key, ^uint64(t.trees)))
}

// logoOf draws the logo of an organization. Its colours, and its id, are made from two numbers.
func logoOf(org *models.Organization, key, n uint64) *models.Logo {
	r := rand.New(rand.NewPCG(key, n)) //nolint:gosec // the same seed gives the same data
	return &models.Logo{
		ID: idAt(r, org.CreatedAt.Time), CreatedAt: jsonapi.Stamp{Time: org.CreatedAt.Time}, Organization: org.ID,
		FileName: "logo.png", Content: drawLogo(org.Name, r),
	}
}

// addLogosOfTheCast gives the organizations of the cast one that have none.
func (d *demo) addLogosOfTheCast(batch *models.Batch) {
	for i, org := range d.cast.line {
		if !slices.ContainsFunc(batch.Logos, func(l *models.Logo) bool { return l.Organization == org.ID }) {
			batch.Logos = append(batch.Logos, logoOf(org, d.key, 1<<32+uint64(i)))
		}
	}
}

// logoSide is how many pixels a logo has either way.
const logoSide = 256

// drawLogo returns a square in a colour with the initials of a name, as a PNG.
func drawLogo(name string, r *rand.Rand) []byte {
	background := color.NRGBA{uint8(40 + r.IntN(120)), uint8(40 + r.IntN(120)), uint8(40 + r.IntN(120)), 255}
	initials := ""
	for _, word := range strings.Fields(plain.Replace(strings.ToLower(name))) {
		if initials += strings.ToUpper(word[:1]); len(initials) == 2 {
			break
		}
	}
	face := basicfont.Face7x13
	small := image.NewNRGBA(image.Rect(0, 0, 20, 20))
	draw.Draw(small, small.Bounds(), image.NewUniform(background), image.Point{}, draw.Src)
	writer := font.Drawer{Dst: small, Src: image.White, Face: face}
	writer.Dot = fixed.P((20-writer.MeasureString(initials).Ceil())/2, 15)
	writer.DrawString(initials)
	logo := image.NewNRGBA(image.Rect(0, 0, logoSide, logoSide))
	draw.NearestNeighbor.Scale(logo, logo.Bounds(), small, small.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	_ = png.Encode(&out, logo) // it fails only where it is written to
	return out.Bytes()
}
