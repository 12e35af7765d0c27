package picture

import (
	"encoding/binary"
	"fmt"
)

// The most that is decoded of pictures that say more than their size: a few bytes are enough for another frame, or another scan, over all
// of the pixels.
const (
	maxFrames      = 1000
	maxFramePixels = 4 * MaxSide * MaxSide // of all frames together
	maxScans       = 64                    // encoders write about ten
)

// frames returns ErrTooLarge for a GIF whose frames are too many, or have too many pixels together. It reads nothing but where frames begin
// and end (GIF89a §17 to §27), so it takes what is broken: decoding finds that. Where package image/gif reads something else than the
// specification has, so does this: what it does not see must not be decoded.
func frames(content []byte) error {
	const header, colours = 13, 10
	at := header + table(content[colours])
	count, pixels := 0, 0
	for at < len(content) {
		switch content[at] {
		case 0x21: // an extension
			if at+3 > len(content) {
				return nil
			}
			at = behindBlocks(content, at+2+extension(content[at+1], content[at+2]))
		case 0x2c: // a frame
			const descriptor = 10
			if at+descriptor > len(content) {
				return nil
			}
			width, height := binary.LittleEndian.Uint16(content[at+5:]), binary.LittleEndian.Uint16(content[at+7:])
			count++
			pixels += int(width) * int(height)
			if count > maxFrames || pixels > maxFramePixels {
				return fmt.Errorf("%w: at most %d frames are taken, and %d pixels in all of them", ErrTooLarge, maxFrames, maxFramePixels)
			}
			at = behindBlocks(content, at+descriptor+table(content[at+descriptor-1])+1)
		default: // the end, or nothing that goes on
			return nil
		}
	}
	return nil
}

// table returns the length of the table of colours that packed fields tell of.
func table(fields byte) int {
	if fields&0x80 == 0 {
		return 0
	}
	return 3 << (fields&7 + 1)
}

// extension returns how much of an extension comes before its blocks, by its label and the byte behind that.
func extension(label, size byte) int {
	switch label {
	case 0x01: // a text: its first block has a fixed size, whatever it says
		return 13
	case 0xf9: // the control of a frame, whose one block is as long as it must be
		return 5
	case 0xff: // of an application, whose first block names it
		return 1 + int(size)
	default: // a comment; others are not decoded
		return 0
	}
}

// behindBlocks returns where a sequence of blocks ends.
func behindBlocks(content []byte, at int) int {
	for at < len(content) && content[at] != 0 {
		at += 1 + int(content[at])
	}
	return at + 1
}

// scans returns ErrTooLarge for a JPEG with too many scans, each of which goes over all of the pixels. It goes from marker to marker (ITU
// T.81 §B.1.1), so what others have put into a segment, such as a small picture, does not count.
func scans(content []byte) error {
	count := 0
	for at := 2; at+4 <= len(content); {
		marker := content[at+1]
		switch {
		case content[at] != 0xff || marker == 0: // within a scan, or broken
			at++
		case marker == 0xff || marker == 1 || marker >= 0xd0 && marker <= 0xd8: // a fill byte, or alone
			at++
		case marker == 0xd9: // the end
			return nil
		default:
			if marker == 0xda {
				count++
			}
			if count > maxScans {
				return fmt.Errorf("%w: at most %d scans are taken", ErrTooLarge, maxScans)
			}
			at += 2 + int(binary.BigEndian.Uint16(content[at+2:]))
		}
	}
	return nil
}
