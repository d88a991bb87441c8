package account

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// pageOfEntries is how many sign-ins a page shows.
const pageOfEntries = 25

// signInsData is what the page of sign-ins shows.
type signInsData struct {
	Kinds []portal.Link
	Table portal.Table
	Older string // the address of the next page, or ""
	Newer string // of the first one
}

// signIns lists the visitor's sign-ins, with the tries that failed.
func (p *Pages) signIns(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	q := r.URL.Query()
	kind, word := audit.InteractiveUserSignIn, ""
	if q.Get("by") == "applications" {
		kind, word = audit.UserSignIn, "applications"
	}
	after, err := mark(q.Get("after"))
	if err != nil {
		return err
	}
	all, more, err := p.signIn.OwnSignIns(r.Context(), v.Visitor, kind, after, pageOfEntries)
	if err != nil {
		return err
	}
	d := signInsData{
		Kinds: []portal.Link{{Text: "By you", To: "/account/signins", Current: word == ""},
			{Text: "By applications, while you are away", To: "/account/signins?by=applications", Current: word != ""}},
		Table: portal.Table{Caption: "Sign-ins, newest first", Heads: []string{"When", "Result", "Application", "In", "From"}},
	}
	for _, e := range all {
		d.Table.Rows = append(d.Table.Rows, entryRow(e))
	}
	if more {
		d.Older = signInsAddress(word, all[len(all)-1])
	}
	if q.Get("after") != "" {
		d.Newer = d.Kinds[0].To
		if word != "" {
			d.Newer = d.Kinds[1].To
		}
	}
	return p.frame(w, r, v, "/account/signins", portal.Frame{Title: "Sign-ins", Content: "signins", Data: d,
		Intro: "In every organization in which you are, also those that failed. If one was not yours, change your password and sign out everywhere."})
}

func signInsAddress(word string, last signin.OwnSignIn) string {
	q := url.Values{"after": {strconv.FormatInt(last.At.UnixMicro(), 10) + "." + string(last.ID)}}
	if word != "" {
		q.Set("by", word)
	}
	return "/account/signins?" + q.Encode()
}

// mark reads where a page begins.
func mark(text string) (audit.Mark, error) {
	if text == "" {
		return audit.Mark{}, nil
	}
	at, id, _ := strings.Cut(text, ".")
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil || us <= 0 || !ids.Valid(id) {
		return audit.Mark{}, fault.InvalidAt("after", "There is no such page.")
	}
	return audit.Mark{At: time.UnixMicro(us).UTC(), ID: ids.AuditID(id)}, nil
}

// entryRow tells one sign-in.
func entryRow(e signin.OwnSignIn) portal.Row {
	name := e.App
	if name == "" {
		name = "Pages of this installation"
	}
	return portal.Row{Head: portal.Cell{At: e.At}, Cells: []portal.Cell{
		result(e), {Text: name}, {Text: e.In.Name}, {Text: portal.Agent(e.UserAgent), Under: e.IP}}}
}

// result says how a sign-in ended, and by what it was proved.
func result(e signin.OwnSignIn) portal.Cell {
	if e.ErrorCode == 0 {
		return portal.Cell{Tag: &portal.Tag{Kind: "ok", Text: "Signed in"}, Under: provedBy[e.CredentialKind]}
	}
	why := failures[fault.Reason(e.Reason)]
	if why == "" {
		why = "Refused"
		if x, ok := portal.Explain(e.ErrorCode); ok {
			why = x.Means
		}
	}
	return portal.Cell{Tag: &portal.Tag{Kind: "stop", Text: "Failed"}, Under: why}
}

var provedBy = map[string]string{"password": "By password", "session": "By the open session"}

// failures are why a try failed, in words.
var failures = map[fault.Reason]string{
	directory.WrongPassword:   "Wrong password",
	directory.AccountDisabled: "The account was blocked",
	signin.Paused:             "Paused after too many wrong passwords",
	signin.NetworkPaused:      "Paused after too many wrong passwords",
}
