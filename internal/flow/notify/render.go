package notify

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"path"
	"strings"
	texttemplate "text/template"
	"time"

	"entente/internal/kit/inert"
	"entente/internal/kit/mail"
	"entente/internal/kit/secret"
)

//go:embed templates
var files embed.FS

// fallback is the language of whoever asks for none that is there.
const fallback = "en"

// A tongue is the templates of one language.
type tongue struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// tongues are the languages by their folder's name. Templates are part of the
// program: one that is wrong panics at start.
var tongues = readTongues()

func readTongues() map[string]tongue {
	all := make(map[string]tongue)
	folders, err := fs.ReadDir(files, "templates")
	if err != nil {
		panic(err)
	}
	for _, f := range folders {
		dir := path.Join("templates", f.Name())
		all[f.Name()] = tongue{
			texttemplate.Must(texttemplate.New("").Funcs(texttemplate.FuncMap(funcs)).ParseFS(files, dir+"/*.txt")),
			htmltemplate.Must(htmltemplate.New("").Funcs(htmltemplate.FuncMap(funcs)).ParseFS(files, dir+"/*.html")),
		}
	}
	return all
}

var funcs = map[string]any{
	"inert":  inert.Name,
	"day":    func(t time.Time) string { return t.UTC().Format("Monday, January 2, 2006") },
	"moment": func(t time.Time) string { return t.UTC().Format("January 2, 2006, 15:04") },
	"lines":  inert.Lines,
	"two":    func(a, b string) [2]string { return [2]string{a, b} },
	"reveal": secret.String.Reveal,
}

// choose returns the language that comes nearest to what was asked for: the
// very one, or the one without its region (RFC 4647, section 3.4).
func choose(asked string) (string, tongue) {
	for tag := strings.ToLower(asked); tag != ""; {
		if t, ok := tongues[tag]; ok {
			return tag, t
		}
		i := strings.LastIndexByte(tag, '-')
		tag = tag[:max(i, 0)]
	}
	return fallback, tongues[fallback]
}

// page is what templates show.
type page struct {
	Content
	Subject string
	Copy    bool     // told for information only
	For     string   // the addressee
	Note    []string // the lines of what the person who caused it wrote
	Host    string   // the installation
}

// render returns the message as it is sent.
func (s *Service) render(m *Message, c Content) (*mail.Message, error) {
	lang, t := choose(m.Language)
	p := page{Content: c, Copy: m.Copy(), For: m.Addressee, Note: inert.Lines(m.Note), Host: s.host}
	subject, err := execute(t.text, c.template()+".subject", p)
	if err != nil {
		return nil, err
	}
	p.Subject = inert.Line(subject)
	out := &mail.Message{ID: m.ID, Date: m.CreatedAt, For: m.Recipient, To: []mail.Address{{Mail: m.Addressee}}, Subject: p.Subject, Tongue: lang}
	if m.Copy() {
		out.Cc = []mail.Address{{Mail: m.Recipient}}
	}
	if a := c.answersTo(); a.Mail != "" {
		out.ReplyTo = mail.Address{Name: inert.Name(a.Name), Mail: a.Mail}
	}
	if out.Text, err = execute(t.text, c.template()+".txt", p); err != nil {
		return nil, err
	}
	out.HTML, err = execute(t.html, c.template()+".html", p)
	return out, err
}

// execute runs a template of either kind.
func execute(t interface {
	ExecuteTemplate(w io.Writer, name string, data any) error
}, name string, data any) (string, error) {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("template of a message: %w", err)
	}
	return b.String(), nil
}
