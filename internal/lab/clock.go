package lab

import (
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"entente/internal/config"
	"entente/internal/kit/fault"
	"entente/internal/kit/web"
	"entente/internal/server"
)

// maxAdvance bounds one move of the clock: two years and a bit outlive
// everything that a story makes.
const maxAdvance = 800 * 24 * time.Hour

// pages returns what the lab serves beside the server: where everything is, the
// clock, the mail that was sent, and the parts of the pages to look at.
func (l *lab) pages(c config.Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /lab/clock", l.showClock)
	mux.Handle("GET /lab/clock/time", web.Serve(l.tellTime, failPlain))
	mux.Handle("POST /lab/clock", web.Serve(l.moveClock, failPlain))
	mux.Handle("/lab/", server.Lab(c, l.mail, l.places, failPlain))
	mux.Handle("/design", server.Design(c, failPlain))
	mux.Handle("/design/", server.Design(c, failPlain))
	return web.SameOrigin(mux, failPlain)
}

// places are what the lab's first page leads to.
func (l *lab) places() []server.LabLink {
	all := []server.LabLink{
		{Text: "Mail", To: "/lab/mail", About: "What the lab’s organizations sent to people"},
		{Text: "Clock", To: "/lab/clock", About: "Let days pass"},
		{Text: "Parts of the pages", To: "/design", About: "What every page is made of"},
	}
	if at := l.desk.Load(); at != nil {
		all = append([]server.LabLink{{Text: deskName, To: *at, About: "A web application to sign in to, of an organization of the lab"}}, all...)
	}
	return all
}

func (l *lab) showClock(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	web.NoStore(w)
	said := ahead(l.clock.Offset().Round(time.Minute))
	if l.clock.Offset() > 0 {
		said += ", which says " + l.clock.Wall().Format("January 2, 2006, 15:04:05")
	}
	fmt.Fprintf(w, clockPage, html.EscapeString(server.StyleAddress()), l.clock.Now().Format("Monday, January 2, 2006, 15:04:05"), said)
}

const clockPage = `<!doctype html>
<html lang="en-US">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>The lab’s clock – entente</title>
<link rel="stylesheet" href="%s">
<link rel="icon" href="data:,">
</head>
<body class="lone">
<header class="row"><span class="brand"><svg class="pair" viewBox="0 0 28 14" aria-hidden="true"><path class="f" d="M7 0h6l4 7-4 7H7A7 7 0 0 1 7 0z"/><path class="t" d="M16 0h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H16l4-7z"/></svg> entente <span class="area">Lab</span></span></header>
<main id="main">
<div class="card">
<h1>The lab’s clock</h1>
<p>In the lab it is <b>%s</b> (UTC), %s.</p>
<form action="/lab/clock" method="post">
<div class="field"><label for="days">Days</label><input class="w-code" id="days" name="days" type="number" min="0" max="800" value="0" required></div>
<div class="field"><label for="hours">Hours</label><input class="w-code" id="hours" name="hours" type="number" min="0" max="19200" value="1" required></div>
<p><button class="btn main full">Move the clock forward</button></p>
</form>
<p class="small pad">It moves forward only. What waits for the time wakes at once. Tokens and keys keep the machine’s time, because clients compare them with theirs.</p>
</div>
</main>
</body>
</html>
`

// units are what the clock is moved by, as fields of the form and as letters of
// the command.
var units = []struct {
	name, letter string
	lasts        time.Duration
}{{"days", "d", 24 * time.Hour}, {"hours", "h", time.Hour}, {"minutes", "m", time.Minute}}

var errTooFar = fault.New(fault.Invalid, "The clock moves by at most 800 days at a time.")

func (l *lab) moveClock(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	var by time.Duration
	for _, u := range units {
		text := form.Get(u.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fault.New(fault.Invalid, "Days, hours and minutes are whole numbers, 0 or more.")
		}
		if n > int(maxAdvance/u.lasts) {
			return errTooFar
		}
		by += time.Duration(n) * u.lasts
	}
	if by > maxAdvance {
		return errTooFar
	}
	l.clock.Advance(by)
	l.log.InfoContext(r.Context(), "the lab's clock was moved", "offset", l.clock.Offset())
	if err := l.keepOffset(); err != nil {
		return err
	}
	http.Redirect(w, r, "/lab/clock", http.StatusSeeOther)
	return nil
}

// keepOffset stores how far the clock was moved: the store's times would lie in
// the future of a lab that starts with the machine's.
func (l *lab) keepOffset() error {
	return os.WriteFile(offsetFile(l.data), []byte(l.clock.Offset().String()+"\n"), 0o600)
}

// readOffset returns how far the clock was moved in earlier runs.
func readOffset(data string) (time.Duration, error) {
	text, err := os.ReadFile(offsetFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(strings.TrimSpace(string(text)))
}

func offsetFile(data string) string { return filepath.Join(data, "clock") }

// failPlain answers in plain words.
func failPlain(w http.ResponseWriter, _ *http.Request, err error) {
	status := map[fault.Code]int{fault.Invalid: http.StatusBadRequest, fault.Forbidden: http.StatusForbidden, fault.NotFound: http.StatusNotFound}
	pub := fault.Public(err)
	code, known := status[pub.Code]
	if !known {
		code = http.StatusInternalServerError
	}
	http.Error(w, pub.Message, code)
}
