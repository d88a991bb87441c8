// Package mailbox is a mail server for tests: it takes messages over SMTP and
// shows them as a person's program would, read by the standard library.
//
// It offers STARTTLS with a certificate of its own authority, and takes nothing
// before it unless the options say so. It refuses what a test tells it to.
package mailbox

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"entente/internal/kit/clock"
	"entente/internal/kit/localca"
)

// Options of a server. The zero value takes everything after STARTTLS.
type Options struct {
	User, Password string // who must prove themselves; empty for nobody
	TLS            string // "", "implicit" or "none"
	UTF8           bool   // addresses may go beyond ASCII
}

// A Server is one that runs until its test ends.
type Server struct {
	Address string         // host:port
	Roots   *x509.CertPool // of its certificate
	o       Options

	mu      sync.Mutex
	got     []Letter
	refuse  map[string][]*smtp.SMTPError // by recipient, what comes first
	arrived chan struct{}
}

// A Letter is a message that arrived.
type Letter struct {
	From, To   string // of the envelope
	Header     mail.Header
	Subject    string // decoded
	Text, HTML string
	Raw        string
}

// New starts a server.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	ca, err := localca.Open(t.TempDir(), clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: l.Addr().String(), Roots: ca.Pool(), o: o, refuse: make(map[string][]*smtp.SMTPError), arrived: make(chan struct{}, 1000)}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	srv.Domain, srv.EnableSMTPUTF8, srv.MaxMessageBytes, srv.AllowInsecureAuth = "mail.test", o.UTF8, 1<<20, true
	srv.ErrorLog = log.New(io.Discard, "", 0)
	srv.ReadTimeout, srv.WriteTimeout = 30*time.Second, 30*time.Second
	serve := srv.Serve
	switch o.TLS {
	case "":
		srv.TLSConfig = ca.Config("127.0.0.1")
	case "implicit":
		l = tls.NewListener(l, ca.Config("127.0.0.1"))
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		l.Close() // Close knows no listener that Serve has not got to
		<-ended
	})
	return s
}

// Refuse has the server answer the next messages to a recipient with these
// codes, one each: 450 is a refusal for now, 550 one for good.
func (s *Server) Refuse(to string, codes ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range codes {
		s.refuse[to] = append(s.refuse[to], &smtp.SMTPError{Code: c, EnhancedCode: smtp.EnhancedCode{c / 100, 0, 0}, Message: "Not " + to})
	}
}

// Letters returns what arrived, the oldest first.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Wait returns what arrived once it is n letters, and fails the test when that
// takes long.
func (s *Server) Wait(t testing.TB, n int) []Letter {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		if all := s.Letters(); len(all) >= n {
			return all
		}
		select {
		case <-s.arrived:
		case <-late:
			t.Fatalf("%d letters arrived, want %d", len(s.Letters()), n)
		}
	}
}

// A session is one client's.
type session struct {
	server   *Server
	conn     *smtp.Conn
	proved   bool
	from, to string
}

func (s *session) AuthMechanisms() []string {
	if s.server.o.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.o.User || password != s.server.o.Password {
			return smtp.ErrAuthFailed
		}
		s.proved = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	_, encrypted := s.conn.TLSConnectionState()
	switch {
	case !encrypted && s.server.o.TLS == "":
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "STARTTLS first"}
	case s.server.o.User != "" && !s.proved:
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if next := s.server.refuse[to]; len(next) > 0 {
		s.server.refuse[to] = next[1:]
		return next[0]
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	letter, err := read(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	letter.From, letter.To = s.from, s.to
	s.server.mu.Lock()
	s.server.got = append(s.server.got, letter)
	s.server.mu.Unlock()
	s.server.arrived <- struct{}{}
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", "" }
func (s *session) Logout() error { return nil }

// read reads a message of a text and its HTML.
func read(raw []byte) (Letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, err
	}
	out := Letter{Header: m.Header, Raw: string(raw)}
	if out.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return out, err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return out, fmt.Errorf("the message is %q: %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		var body io.Reader = p
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(p)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return out, err
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		switch kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); kind {
		case "text/plain":
			out.Text = string(text)
		case "text/html":
			out.HTML = string(text)
		default:
			return out, fmt.Errorf("the message has a part of %q", kind)
		}
	}
}
