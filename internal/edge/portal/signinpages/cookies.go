package signinpages

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/ids"
)

// keep gives the browser the cookie of a session that has just been proved.
func keep(w http.ResponseWriter, r *http.Request, in *signin.Admitted) { portal.KeepSession(w, r, in) }

// slide has the browser keep a session's cookie longer, because it was used.
func slide(w http.ResponseWriter, r *http.Request, id ids.SessionID) { portal.SlideSession(w, r, id) }

func dropSession(w http.ResponseWriter, id ids.SessionID) { portal.DropSession(w, id) }
