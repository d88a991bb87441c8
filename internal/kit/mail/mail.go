// Package mail hands messages to a mail server (RFC 5321), each as text and as
// HTML, to one recipient at a time: what one recipient's server refuses does
// not keep the message from another.
//
// A failure is one of two kinds. What the server refused for good (an answer
// of 500 and above to the message, its sender or its recipient) is Permanent: the
// same message will be refused again. Everything else, a server that is away,
// a certificate that is not trusted, a password that is not taken, may be mended
// and is worth another try.
//
// The connection is encrypted before a password or a message goes over it. The
// one exception is a server on this machine.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"entente/internal/kit/secret"
)

// A Sender takes messages on their way. SMTP is one, a Box another.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// How the connection to a mail server is encrypted.
const (
	StartTLS = "starttls" // after the greeting, and never without (RFC 3207)
	Implicit = "implicit" // from the first byte (RFC 8314)
	None     = "none"     // not at all: on this machine only
)

// Options say which mail server to use and how.
type Options struct {
	Server   string // host:port
	From     Address
	User     string // empty: without authentication
	Password secret.String
	TLS      string         // StartTLS when empty
	Roots    *x509.CertPool // nil: the system's
	Hello    string         // how we name ourselves; localhost when empty
	Timeout  time.Duration  // of one message; 30 seconds when zero
}

// An SMTP sends by a mail server.
type SMTP struct {
	o    Options
	host string
}

// New returns a sender, or what is wrong with the options. It connects to
// nothing yet.
func New(o Options) (*SMTP, error) {
	host, _, err := net.SplitHostPort(o.Server)
	if err != nil || host == "" {
		return nil, fmt.Errorf("%q is no host:port of a mail server", o.Server)
	}
	switch o.TLS {
	case "":
		o.TLS = StartTLS
	case StartTLS, Implicit:
	case None:
		if !Loopback(host) {
			return nil, fmt.Errorf("a mail server without TLS must be on this machine, and %s is not", host)
		}
		if o.User != "" {
			return nil, errors.New("a password does not go over a connection without TLS")
		}
	default:
		return nil, fmt.Errorf("%q is none of %s, %s and %s", o.TLS, StartTLS, Implicit, None)
	}
	if (o.User == "") != o.Password.IsZero() {
		return nil, errors.New("a user and a password belong together")
	}
	if o.Hello == "" {
		o.Hello = "localhost"
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	return &SMTP{o, host}, o.From.Check()
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// A permanent failure is one that no further try would mend.
type permanent struct{ err error }

func (p permanent) Error() string { return p.err.Error() }
func (p permanent) Unwrap() error { return p.err }

// IsPermanent reports whether sending the same message again is of no use.
func IsPermanent(err error) bool {
	_, ok := errors.AsType[permanent](err)
	return ok
}

// conversation are refusals of how we speak, not of what we bring: unknown
// commands, a wrong order, authentication or encryption that is missing.
var conversation = []int{500, 502, 503, 530, 534, 535, 538}

// answered marks what the server refused for good (RFC 5321, section 4.2.1).
func answered(what string, err error) error {
	if err == nil {
		return nil
	}
	refusal, ok := errors.AsType[*textproto.Error](err)
	err = fmt.Errorf("%s: %w", what, err)
	if !ok || refusal.Code < 500 || slices.Contains(conversation, refusal.Code) {
		return err
	}
	return permanent{err}
}

// Send hands m to the server for m.For. When it returns nil the server has
// taken the message over; after an error it may have all the same, and then
// the recipient's program knows the second copy by its identifier.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return permanent{err}
	}
	msg := s.compose(&m)
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	return s.session(ctx, func(c *smtp.Client) error {
		to := Address{Mail: m.For}.wire().Address
		if utf8, _ := c.Extension("SMTPUTF8"); !utf8 && !ascii(to) {
			return permanent{fmt.Errorf("the mail server takes no address such as %s (SMTPUTF8)", to)}
		}
		if err := c.Mail("<" + s.o.From.wire().Address + ">"); err != nil {
			return answered("sender", err)
		}
		if err := c.Rcpt("<" + to + ">"); err != nil {
			return answered("recipient", err)
		}
		w, err := c.Data()
		if err != nil {
			return answered("message", err)
		}
		if _, err := msg.WriteTo(w); err != nil {
			return fmt.Errorf("message: %w", err) // not closed: half a message is none
		}
		return answered("message", w.Close())
	})
}

// Check greets the server as for a message, and sends none.
func (s *SMTP) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	return s.session(ctx, func(*smtp.Client) error { return nil })
}

// session connects, greets, encrypts and authenticates, and then does the rest.
func (s *SMTP) session(ctx context.Context, do func(*smtp.Client) error) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return fmt.Errorf("mail server %s: %w", s.o.Server, err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() }) // whatever waits then, ends
	defer stop()
	defer conn.Close()
	c, err := s.greet(conn)
	if err == nil {
		err = do(c)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(ctx.Err(), err)
		}
		return fmt.Errorf("mail server %s: %w", s.o.Server, err)
	}
	c.Quit() // the message is theirs already
	return nil
}

func (s *SMTP) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.o.Server)
	if err != nil || s.o.TLS != Implicit {
		return conn, err
	}
	secure := tls.Client(conn, s.tls())
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.o.Roots, MinVersion: tls.VersionTLS12}
}

// greet does everything before the first message. Nothing of it is the
// message's fault, so none of its failures is permanent.
func (s *SMTP) greet(conn net.Conn) (*smtp.Client, error) {
	c, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	if err := c.Hello(s.o.Hello); err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	if s.o.TLS == StartTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return nil, errors.New("it offers no STARTTLS")
		}
		if err := c.StartTLS(s.tls()); err != nil {
			return nil, fmt.Errorf("STARTTLS: %w", err)
		}
	}
	if s.o.User == "" {
		return c, nil
	}
	auth, err := s.auth(c)
	if err != nil {
		return nil, err
	}
	if err := c.Auth(auth); err != nil {
		return nil, fmt.Errorf("authentication: %w", err)
	}
	return c, nil
}

// auth chooses how to prove the password: by a challenge where the server knows
// one, else in the connection, which is encrypted.
func (s *SMTP) auth(c *smtp.Client) (smtp.Auth, error) {
	_, offered := c.Extension("AUTH")
	user, password := s.o.User, s.o.Password.Reveal()
	for _, mechanism := range strings.Fields(offered) {
		if strings.EqualFold(mechanism, "SCRAM-SHA-256") {
			return smtp.ScramSHA256Auth(user, password), nil
		}
	}
	for _, mechanism := range strings.Fields(offered) {
		switch strings.ToUpper(mechanism) {
		case "PLAIN":
			return smtp.PlainAuth("", user, password, s.host, false), nil
		case "LOGIN":
			return smtp.LoginAuth(user, password, s.host, false), nil
		}
	}
	return nil, fmt.Errorf("it offers no way of authentication that we know, but %q", offered)
}

// compose returns the message in the form that goes over the wire (RFC 5322,
// RFC 2045): both forms as alternatives, marked as written by a program (RFC
// 3834), so that no holiday answers it.
func (s *SMTP) compose(m *Message) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.o.From.wire())
	for _, a := range m.To {
		msg.AddToMailAddress(a.wire())
	}
	for _, a := range m.Cc {
		msg.AddCcMailAddress(a.wire())
	}
	if !m.ReplyTo.IsZero() {
		msg.ReplyToMailAddress(m.ReplyTo.wire())
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.identifier(s.o.From))
	msg.SetDateWithValue(m.Date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Tongue != "" {
		msg.SetGenHeader("Content-Language", m.Tongue)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg
}
