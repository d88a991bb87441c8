package portal

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is how many modules around a QR code stay white (ISO/IEC 18004, section
// 6.3.8).
const quiet = 4

// QR returns text as a QR code in SVG: black on white whatever the scheme of
// colors, because cameras expect that. label tells what it is.
func QR(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return "", fmt.Errorf("QR code: %w", err)
	}
	size := code.Bounds().Dx()
	var d strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			from := x
			for x < size && dark(code.At(x, y).RGBA()) {
				x++
			}
			if x > from {
				fmt.Fprintf(&d, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	whole := size + 2*quiet
	return template.HTML(fmt.Sprintf( // numbers, and a label that is escaped
		`<svg role="img" aria-label="%s" width="220" height="220" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`,
		template.HTMLEscapeString(label), whole, whole, whole, whole, d.String())), nil
}

func dark(r, g, b, _ uint32) bool { return r+g+b < 3*0x8000 }
