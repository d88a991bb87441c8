package lab

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Paper is where a lab tells its story: lines for a person, with color when
// the person's terminal has it.
type paper struct {
	out   io.Writer
	color bool
}

// newPaper returns a paper on out. Color needs a terminal and nobody who said
// no (https://no-color.org).
func newPaper(out io.Writer, noColor bool) *paper {
	f, isFile := out.(*os.File)
	if !isFile || noColor || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return &paper{out: out}
	}
	info, err := f.Stat()
	return &paper{out: out, color: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// The measures of a line. Eighty columns fit every terminal, and folding by
// ourselves keeps what belongs together beneath its beginning.
const (
	lineWidth   = 80
	indent      = 6
	factWidth   = 24 // of a fact's name
	methodWidth = 6
)

// The styles, as numbers of ECMA-48, section 8.3.117.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (p *paper) paint(style, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (p *paper) line(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// heading begins a step: which of how many, and what it is about.
func (p *paper) heading(n, of int, title string) {
	p.line("\n%s %s", p.paint(dim, fmt.Sprintf("[%d/%d]", n, of)), p.paint(bold, title))
}

// note prints an explanation beneath a step.
func (p *paper) note(format string, args ...any) {
	for _, l := range wrap(fmt.Sprintf(format, args...), lineWidth-indent) {
		p.line("%s%s", spaces(indent), p.paint(dim, l))
	}
}

// exchange prints a request and how it was answered.
func (p *paper) exchange(method, address string, status int) {
	style := green
	if status >= 400 || status == 0 {
		style = red
	}
	const hanging = indent + methodWidth + 1
	answer := "→ " + statusText(status)
	lines := fold(address, lineWidth-hanging)
	last := len(lines) - 1
	if utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(answer) <= lineWidth-hanging {
		lines[last] += " " + p.paint(style, answer)
	} else {
		lines = append(lines, p.paint(style, answer))
	}
	p.line("%s%s %s", spaces(indent), p.paint(cyan, pad(method, methodWidth)), lines[0])
	for _, l := range lines[1:] {
		p.line("%s%s", spaces(hanging), l)
	}
}

func statusText(status int) string {
	if status == 0 {
		return "no answer"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// fact prints a name and a value. A long value has a line of its own and is
// left whole, so that it can be copied.
func (p *paper) fact(name, value string) {
	between := " "
	if n := utf8.RuneCountInString(value); indent+factWidth+1+n > lineWidth {
		between = "\n" + spaces(max(0, min(indent, lineWidth-n)))
	}
	p.line("%s%s%s%s", spaces(indent), p.paint(dim, pad(name, factWidth)), between, value)
}

// failed prints why a step failed.
func (p *paper) failed(err error) {
	for l := range strings.Lines(err.Error()) {
		p.line("      %s", p.paint(red, strings.TrimRight(l, "\n")))
	}
}

// claims prints two tokens' claims side by side, the ones that tell the story
// first.
func (p *paper) claims(leftTitle, left, rightTitle, right string) error {
	l, err := claimsOf(left)
	if err != nil {
		return err
	}
	r, err := claimsOf(right)
	if err != nil {
		return err
	}
	const label, column = 5, 36 // a column holds a GUID
	p.line("%s %s  %s", spaces(label), p.paint(bold, pad(leftTitle, column)), p.paint(bold, rightTitle))
	for _, name := range []string{"iss", "tid", "aud", "sub", "oid", "azp", "appid", "idtyp", "roles", "exp"} {
		lv, rv := claim(l, name), claim(r, name)
		if lv == "" && rv == "" {
			continue
		}
		ls, rs := fold(lv, column), fold(rv, column)
		for i := range max(len(ls), len(rs)) {
			shown := name
			if i > 0 {
				shown = ""
			}
			p.line("%s %s  %s", p.paint(cyan, pad(shown, label)), pad(at(ls, i), column), at(rs, i))
		}
	}
	return nil
}

// claimsOf reads a token's claims without verifying them: they are shown, and
// nothing is decided by them.
func claimsOf(token string) (map[string]any, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("a token has three parts, not %d", len(parts))
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("read token: %w", err)
	}
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, fmt.Errorf("read token: %w", err)
	}
	return all, nil
}

// claim returns a claim as text.
func claim(all map[string]any, name string) string {
	switch v := all[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case float64: // a NumericDate (RFC 7519, section 2); no other number is shown
		return time.Unix(int64(v), 0).UTC().Format("2006-01-02 15:04:05 UTC")
	case []any:
		return strings.Trim(fmt.Sprint(v), "[]")
	case map[string]any:
		return fmt.Sprint(slices.Sorted(maps.Keys(v)))
	default:
		return fmt.Sprint(v)
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// pad fills s up to n characters.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

func spaces(n int) string { return strings.Repeat(" ", n) }

// fold breaks an address into lines of at most n characters: beside a slash,
// before a question mark or an ampersand and, where none of these is, anywhere.
func fold(s string, n int) []string {
	var lines []string
	rest := []rune(s)
	for len(rest) > n {
		k := n
		for i := n; i > 0; i-- {
			if strings.ContainsRune("/?&", rest[i]) || rest[i-1] == '/' {
				k = i
				break
			}
		}
		lines = append(lines, string(rest[:k]))
		rest = rest[k:]
	}
	return append(lines, string(rest))
}

// wrap breaks text into lines of at most n characters, at spaces, and within
// words that are longer than a line.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		pieces := fold(word, n)
		for i, piece := range pieces {
			switch {
			case line == "":
			case i > 0, utf8.RuneCountInString(line)+1+utf8.RuneCountInString(piece) > n:
				lines = append(lines, line)
				line = ""
			default:
				line += " "
			}
			line += piece
		}
	}
	return append(lines, line)
}
