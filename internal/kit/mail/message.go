package mail

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"entente/internal/kit/fault"
)

// Limits of a message.
const (
	maxLine    = 500     // of a subject, a name and an identifier, in bytes
	maxBody    = 256_000 // of the text and of the HTML, each
	maxAddress = 254     // RFC 5321, section 4.5.3.1.3
	maxShown   = 20      // addresses in To and Cc
)

// A Message is what one person is sent, as text and as HTML.
type Message struct {
	ID      string    // names the message, the same at each try: letters, digits and hyphens
	Date    time.Time // when it was written
	For     string    // whom this copy goes to; To or Cc shows who else got one
	To, Cc  []Address
	ReplyTo Address // zero: answers go to the sender
	Subject string
	Text    string
	HTML    string
	Tongue  string // the language, as BCP 47 has it
}

// An Address is a person's, with the name beside it or without.
type Address struct {
	Name string `json:"name,omitempty"`
	Mail string `json:"mail"`
}

// ParseAddress reads "ada@contoso.example" or "Ada <ada@contoso.example>".
func ParseAddress(s string) (Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return Address{}, fault.New(fault.Invalid, "%.100q is no mail address.", s).Wrap(err)
	}
	out := Address{a.Name, a.Address}
	return out, out.Check()
}

// String returns the address as a header has it.
func (a Address) String() string { return a.wire().String() }

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a == Address{} }

// wire returns the address with the domain in its ASCII form (RFC 5891), which
// every server takes. A part before the sign that is not ASCII stays and needs
// a server with SMTPUTF8 (RFC 6531).
func (a Address) wire() *mail.Address {
	at := strings.LastIndexByte(a.Mail, '@')
	if ascii, err := idna.Lookup.ToASCII(a.Mail[at+1:]); err == nil && at >= 0 {
		a.Mail = a.Mail[:at+1] + ascii
	}
	return &mail.Address{Name: a.Name, Address: a.Mail}
}

// Check refuses what is no single address: what a header or a command could be
// made to say more by.
func (a Address) Check() error {
	if err := checkLine("A name beside an address", a.Name); err != nil {
		return err
	}
	bad := func() error { return fault.New(fault.Invalid, "%.100q is no mail address.", a.Mail) }
	local, domain, ok := strings.Cut(a.Mail, "@")
	switch {
	case !ok, local == "", domain == "", strings.Contains(domain, "@"), len(a.Mail) > maxAddress, !utf8.ValidString(a.Mail):
		return bad()
	case strings.ContainsFunc(a.Mail, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>()[]\,;:"`, r)
	}):
		return bad()
	}
	if _, err := idna.Lookup.ToASCII(domain); err != nil {
		return bad()
	}
	return nil
}

// check refuses a message that cannot be sent as it is meant. A line break in
// a header would be a header of somebody else's.
func (m *Message) check() error {
	if m.ID == "" || len(m.ID) > 64 || strings.ContainsFunc(m.ID, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-'
	}) {
		return fault.New(fault.Invalid, "%.100q cannot name a message.", m.ID)
	}
	all := append(append([]Address{{Mail: m.For}}, m.To...), m.Cc...)
	if !m.ReplyTo.IsZero() {
		all = append(all, m.ReplyTo)
	}
	if len(all) > maxShown {
		return fault.New(fault.Invalid, "A message shows at most %d addresses.", maxShown)
	}
	for _, a := range all {
		if err := a.Check(); err != nil {
			return err
		}
	}
	switch {
	case len(m.To) == 0:
		return fault.New(fault.Invalid, "A message is to somebody.")
	case m.Subject == "":
		return fault.New(fault.Invalid, "A message has a subject.")
	case m.Text == "" || m.HTML == "":
		return fault.New(fault.Invalid, "A message has a text and the same as HTML.")
	case len(m.Text) > maxBody || len(m.HTML) > maxBody:
		return fault.New(fault.Invalid, "A message's text and its HTML have at most %d bytes each.", maxBody)
	case !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML):
		return fault.New(fault.Invalid, "A message is UTF-8.")
	}
	if err := checkLine("A language", m.Tongue); err != nil {
		return err
	}
	return checkLine("A subject", m.Subject)
}

// checkLine refuses what is no single line.
func checkLine(what, s string) error {
	if len(s) > maxLine || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return fault.New(fault.Invalid, "%s is one line of at most %d bytes.", what, maxLine)
	}
	return nil
}

// ascii reports whether an address needs nothing beyond RFC 5321.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// identifier returns the Message-ID without its brackets (RFC 5322, section 3.6.4).
func (m *Message) identifier(from Address) string {
	_, domain, _ := strings.Cut(from.wire().Address, "@")
	return fmt.Sprintf("%s@%s", m.ID, domain)
}
