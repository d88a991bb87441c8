package portal

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/web"
)

//go:embed assets/entente.css
var sheet []byte

//go:embed assets/carry.js
var carryScript []byte

//go:embed assets/copy.js
var copyScript []byte

//go:embed assets/leave.js
var leaveScript []byte

//go:embed assets/live.js
var liveScript []byte

//go:embed assets/place.js
var placeScript []byte

//go:embed assets/zone.js
var zoneScript []byte

// An asset is a file that pages load.
type asset struct {
	name, ending, media string
	content             []byte
}

var assets = []asset{
	{"entente", ".css", "text/css; charset=utf-8", sheet},
	{"carry", ".js", "text/javascript; charset=utf-8", carryScript},
	{"copy", ".js", "text/javascript; charset=utf-8", copyScript},
	{"leave", ".js", "text/javascript; charset=utf-8", leaveScript},
	{"live", ".js", "text/javascript; charset=utf-8", liveScript},
	{"place", ".js", "text/javascript; charset=utf-8", placeScript},
	{"zone", ".js", "text/javascript; charset=utf-8", zoneScript},
}

// address returns the path of an asset. It changes with its content.
func (a asset) address() string {
	sum := sha256.Sum256(a.content)
	return "/assets/" + a.name + "-" + hex.EncodeToString(sum[:8]) + a.ending
}

// StyleAddress returns the path of the style sheet.
func StyleAddress() string { return assets[0].address() }

// scriptAddress returns the path of a script, or "" if there is none of the name.
func scriptAddress(name string) string {
	for _, a := range assets {
		if a.name == name && a.ending == ".js" {
			return a.address()
		}
	}
	return ""
}

// Assets serves what pages load, below /assets/. The current version of a file
// may be cached for good. Another version's name gets the current one too, not
// cached: while an installation is being upgraded, a page of one replica may
// ask another.
func Assets(fail web.ErrorWriter) http.Handler {
	return web.Serve(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return nil
		}
		for _, a := range assets {
			switch {
			case r.URL.Path == a.address():
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			case strings.HasPrefix(r.URL.Path, "/assets/"+a.name+"-") && strings.HasSuffix(r.URL.Path, a.ending):
				w.Header().Set("Cache-Control", "no-store")
			default:
				continue
			}
			w.Header().Set("Content-Type", a.media)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
			return nil
		}
		return fault.New(fault.NotFound, "There is no page at this address.")
	}, fail)
}
