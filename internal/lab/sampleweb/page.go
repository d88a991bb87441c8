package sampleweb

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed style.css
var css []byte

//go:embed pages.html
var text string

var pages = template.Must(template.New("").Parse(text))

// A page is what the templates show.
type page struct {
	Title   string
	Text    string
	Code    string
	Who     *person
	By      []string // what lets the person in
	Unknown bool     // the token could not name all groups
	App     Options
	Content template.HTML
}

// show answers with a page.
func (a *App) show(w http.ResponseWriter, status int, name string, p page) {
	p.App = a.o
	var content, whole bytes.Buffer
	err := pages.ExecuteTemplate(&content, name, p)
	if err == nil {
		p.Content = template.HTML(content.String()) // a template has just escaped it
		err = pages.ExecuteTemplate(&whole, "document", p)
	}
	if err != nil {
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(whole.Bytes())
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Write(css)
}
