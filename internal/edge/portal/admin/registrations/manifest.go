package registrations

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf16"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// manifest shows an application as Microsoft Graph gives it, to be read and
// copied.
func (p *pages) manifest(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	face, _ := a.Faces()
	text, err := json.MarshalIndent(face, "", "  ")
	if err != nil {
		return err
	}
	return p.page(w, r, v, a, "/manifest", portal.Frame{Title: "Manifest", Content: "manifest", Data: plain(string(text)), Script: "copy",
		Intro: "The application as Microsoft Graph gives it. It is changed on the other pages, or through Graph."})
}

// plain spells what turns or hides text as JSON can: it is the same to programs,
// and readers see it.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r > unicode.MaxASCII && !unicode.IsPrint(r) {
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
