package portal

import (
	"fmt"
	"net/http"
	"time"

	"entente/internal/kit/web"
)

// Bounds of the streams of events. A browser opens the next one by itself, so
// that none is long, and none holds up a server that ends.
const (
	mostStreams = 256 // at a time, of one Streams
	streamLife  = 25 * time.Second
	streamLook  = time.Second
)

// Streams tells pages that follow something when it is another: server-sent events
// (WHATWG HTML, section 9.2) for the script "live". An event names a state and tells
// nothing else; the page is what is read again.
type Streams chan struct{}

// NewStreams returns streams, of which a bounded number is open at a time.
func NewStreams() Streams { return make(Streams, mostStreams) }

// Follow answers with a stream. look returns the state, which changes whenever the
// page would, and whether it can change any more; it is asked each second, and an
// error, such as that the reader may not see it any more, ends the stream.
func (s Streams) Follow(w http.ResponseWriter, r *http.Request, look func() (state string, over bool, err error)) error {
	state, over, err := look()
	if err != nil {
		return err
	}
	select {
	case s <- struct{}{}:
		defer func() { <-s }()
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
		if state != said {
			said, text = state, "event: state\ndata: "+state+"\n\n"
		}
		if over {
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
		if over {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-end.C:
			return nil
		case <-tick.C:
		}
		if state, over, err = look(); err != nil {
			return nil
		}
	}
}
