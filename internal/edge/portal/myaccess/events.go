package myaccess

import (
	"fmt"
	"net/http"
	"time"

	"entente/internal/kit/web"
)

// Bounds of the streams of events. A browser opens the next one by itself, so
// that none is long, and none holds up a server that ends.
const (
	mostStreams = 256 // at a time, in one server
	streamLife  = 25 * time.Second
	streamLook  = time.Second
)

// events tells a page that follows a request when it is another: server-sent
// events (WHATWG HTML, section 9.2). An event names a state and tells nothing
// else; the page is what is read again.
func (p *Pages) events(w http.ResponseWriter, r *http.Request, v *visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	select {
	case p.streams <- struct{}{}:
		defer func() { <-p.streams }()
	default: // the page says how to look again without
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	web.NoStore(w)
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	flow := http.NewResponseController(w)
	end := time.NewTimer(streamLife)
	defer end.Stop()
	tick := time.NewTicker(streamLook)
	defer tick.Stop()
	said := ""
	for {
		text := ""
		if sign := signOf(c); sign != said {
			said, text = sign, "event: state\ndata: "+sign+"\n\n"
		}
		if !c.Open() {
			text += "event: over\ndata: over\n\n"
		}
		if text != "" {
			if _, err := fmt.Fprint(w, "retry: 2000\n"+text); err != nil {
				return nil // the reader has gone
			}
			if err := flow.Flush(); err != nil {
				return nil
			}
		}
		if !c.Open() {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-end.C:
			return nil
		case <-tick.C:
		}
		// Who may see it is asked again each time.
		if c, err = p.Access.Case(r.Context(), v.who, c.ID); err != nil {
			return nil
		}
	}
}
