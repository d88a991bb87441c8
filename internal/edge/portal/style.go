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

// StyleAddress returns the path of the style sheet. It changes with its content.
func StyleAddress() string {
	sum := sha256.Sum256(sheet)
	return "/assets/entente-" + hex.EncodeToString(sum[:8]) + ".css"
}

// Assets serves what pages load, below /assets/. The current style sheet may
// be cached for good. Another version's name gets the current sheet too, not
// cached: while an installation is being upgraded, a page of one replica may
// ask another.
func Assets(fail web.ErrorWriter) http.Handler {
	return web.Serve(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return nil
		}
		switch {
		case r.URL.Path == StyleAddress():
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		case strings.HasPrefix(r.URL.Path, "/assets/entente-") && strings.HasSuffix(r.URL.Path, ".css"):
			w.Header().Set("Cache-Control", "no-store")
		default:
			return fault.New(fault.NotFound, "There is no page at this address.")
		}
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(sheet))
		return nil
	}, fail)
}
