package mail_test

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/enttest/mailbox"
	"entente/internal/kit/mail"
	"entente/internal/kit/secret"
)

var from = mail.Address{Name: "entente", Mail: "no-reply@id.contoso.example"}

func letter() mail.Message {
	return mail.Message{
		ID: "7f0c7f5e-1", Date: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), For: "grace@fabrikam.example",
		To: []mail.Address{{Name: "Grace Höpper", Mail: "grace@fabrikam.example"}}, Cc: []mail.Address{{Mail: "chief@fabrikam.example"}},
		ReplyTo: mail.Address{Name: "Ada", Mail: "ada@contoso.example"},
		Subject: "Contoso lädt ein – 北京", Text: "Guten Tag.\n.\n" + strings.Repeat("Größe ", 300), HTML: "<p>Guten Tag.</p>", Tongue: "de",
	}
}

func sender(t *testing.T, s *mailbox.Server, change func(*mail.Options)) *mail.SMTP {
	t.Helper()
	o := mail.Options{Server: s.Address, From: from, Roots: s.Roots, Timeout: 10 * time.Second}
	if change != nil {
		change(&o)
	}
	out, err := mail.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSend sends one message in each way of encryption and reads what arrived.
func TestSend(t *testing.T) {
	for _, tt := range []struct {
		name   string
		server mailbox.Options
		change func(*mail.Options)
	}{
		{"after STARTTLS", mailbox.Options{}, nil},
		{"encrypted from the first byte", mailbox.Options{TLS: "implicit"}, func(o *mail.Options) { o.TLS = mail.Implicit }},
		{"without TLS on this machine", mailbox.Options{TLS: "none"}, func(o *mail.Options) { o.TLS = mail.None }},
		{"with a password", mailbox.Options{User: "id", Password: "let me in"}, func(o *mail.Options) { o.User, o.Password = "id", secret.NewString("let me in") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := mailbox.New(t, tt.server)
			if err := sender(t, server, tt.change).Send(t.Context(), letter()); err != nil {
				t.Fatal(err)
			}
			got := server.Letters()
			if len(got) != 1 {
				t.Fatalf("%d letters arrived, want 1", len(got))
			}
			l, want := got[0], letter()
			if l.From != from.Mail || l.To != want.For || l.Subject != want.Subject || strings.TrimSpace(l.HTML) != want.HTML {
				t.Errorf("letter = %+v", l)
			}
			if diff := cmp.Diff(strings.TrimSpace(want.Text), strings.TrimSpace(l.Text)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			for header, want := range map[string]string{
				"Message-Id":       "<7f0c7f5e-1@id.contoso.example>",
				"From":             `"entente" <no-reply@id.contoso.example>`,
				"To":               "=?utf-8?q?Grace_H=C3=B6pper?= <grace@fabrikam.example>",
				"Cc":               "<chief@fabrikam.example>",
				"Reply-To":         `"Ada" <ada@contoso.example>`,
				"Date":             "Mon, 23 Nov 2026 12:00:00 +0000",
				"Auto-Submitted":   "auto-generated",
				"Content-Language": "de",
				"User-Agent":       "",
				"X-Mailer":         "",
			} {
				if got := l.Header.Get(header); got != want {
					t.Errorf("%s = %q, want %q", header, got, want)
				}
			}
		})
	}
}

// TestRefusals tells those apart that another try may mend.
func TestRefusals(t *testing.T) {
	server := mailbox.New(t, mailbox.Options{})
	for _, tt := range []struct {
		name      string
		code      int
		permanent bool
	}{
		{"no such mailbox", 550, true},
		{"a mailbox that is full for now", 452, false},
		{"a server that goes down", 421, false},
		{"a name that is none", 553, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server.Refuse("grace@fabrikam.example", tt.code)
			err := sender(t, server, nil).Send(t.Context(), letter())
			if err == nil || mail.IsPermanent(err) != tt.permanent {
				t.Errorf("err = %v, permanent = %v, want %v", err, mail.IsPermanent(err), tt.permanent)
			}
			if err := sender(t, server, nil).Send(t.Context(), letter()); err != nil {
				t.Errorf("the next try: %v", err)
			}
		})
	}
}

// TestWhatTheOperatorCanMend: none of it is the message's fault.
func TestWhatTheOperatorCanMend(t *testing.T) {
	locked, open, other := mailbox.New(t, mailbox.Options{User: "id", Password: "let me in"}), mailbox.New(t, mailbox.Options{TLS: "none"}), mailbox.New(t, mailbox.Options{})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, tt := range []struct {
		name   string
		server *mailbox.Server
		change func(*mail.Options)
	}{
		{"a wrong password", locked, func(o *mail.Options) { o.User, o.Password = "id", secret.NewString("wrong") }},
		{"no password", locked, nil},
		{"a server without STARTTLS", open, nil},
		{"a certificate that is not trusted", locked, func(o *mail.Options) { o.Roots = other.Roots }},
		{"nobody there", other, func(o *mail.Options) { o.Server = gone.Addr().String() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sender(t, tt.server, tt.change).Send(t.Context(), letter())
			if err == nil || mail.IsPermanent(err) {
				t.Errorf("err = %v, want one that another try may mend", err)
			}
			if len(tt.server.Letters()) != 0 {
				t.Error("a letter arrived")
			}
		})
	}
}

// TestAServerThatHangs ends with the time that a message may take, and with the
// caller's.
func TestAServerThatHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := mail.New(mail.Options{Server: l.Addr().String(), From: from, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), letter()); err == nil || mail.IsPermanent(err) {
		t.Errorf("err = %v, want one that another try may mend", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(ctx); err == nil {
		t.Error("a check of a canceled caller succeeded")
	}
}

// TestNoHeaderOfSomebodyElses: a message that could say more than it means is
// none.
func TestNoHeaderOfSomebodyElses(t *testing.T) {
	server := mailbox.New(t, mailbox.Options{UTF8: true})
	const more = "\r\nBcc: everybody@contoso.example"
	for _, tt := range []struct {
		name   string
		change func(*mail.Message)
	}{
		{"in the subject", func(m *mail.Message) { m.Subject += more }},
		{"after a bare line feed", func(m *mail.Message) { m.Subject += "\nBcc: x@contoso.example" }},
		{"in the name of a recipient", func(m *mail.Message) { m.To[0].Name += more }},
		{"in the address of a recipient", func(m *mail.Message) { m.To[0].Mail += more }},
		{"in the envelope", func(m *mail.Message) { m.For += ">\r\nRCPT TO:<everybody@contoso.example" }},
		{"a second address in one", func(m *mail.Message) { m.For = "grace@fabrikam.example,everybody@contoso.example" }},
		{"a name in an address", func(m *mail.Message) { m.Cc[0].Mail = "Chief <chief@fabrikam.example>" }},
		{"in the address for answers", func(m *mail.Message) { m.ReplyTo.Mail += more }},
		{"in the identifier", func(m *mail.Message) { m.ID += more }},
		{"in the language", func(m *mail.Message) { m.Tongue += more }},
		{"a mark of direction in an address", func(m *mail.Message) { m.For = "grace@fabrikam.\u202eexample" }},
		{"a long subject", func(m *mail.Message) { m.Subject = strings.Repeat("x", 501) }},
		{"a long text", func(m *mail.Message) { m.Text = strings.Repeat("x", 256_001) }},
		{"a long HTML", func(m *mail.Message) { m.HTML = strings.Repeat("x", 256_001) }},
		{"a long address", func(m *mail.Message) { m.For = strings.Repeat("x", 250) + "@fabrikam.example" }},
		{"many addresses", func(m *mail.Message) { m.Cc = make([]mail.Address, 20) }},
		{"nobody", func(m *mail.Message) { m.To = nil }},
		{"no text", func(m *mail.Message) { m.Text = "" }},
		{"bytes that are no text", func(m *mail.Message) { m.Text = "\xff" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := letter()
			tt.change(&m)
			if err := sender(t, server, nil).Send(t.Context(), m); !mail.IsPermanent(err) {
				t.Errorf("err = %v, want a permanent refusal", err)
			}
			if err := new(mail.Box).Send(t.Context(), m); !mail.IsPermanent(err) {
				t.Errorf("a box: err = %v, want a permanent refusal", err)
			}
		})
	}
	if n := len(server.Letters()); n != 0 {
		t.Errorf("%d letters arrived", n)
	}
}

// TestInternationalAddresses: a domain beyond ASCII goes everywhere, a part
// before the sign only where it is understood.
func TestInternationalAddresses(t *testing.T) {
	for _, tt := range []struct {
		name, to, arrives string
		utf8              bool
	}{
		{"a domain", "grace@bücher.example", "grace@xn--bcher-kva.example", false},
		{"a name at a server that knows it", "größe@bücher.example", "größe@xn--bcher-kva.example", true},
		{"a name at a server that does not", "größe@bücher.example", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := mailbox.New(t, mailbox.Options{UTF8: tt.utf8})
			m := letter()
			m.For, m.To[0].Mail = tt.to, tt.to
			err := sender(t, server, nil).Send(t.Context(), m)
			if tt.arrives == "" {
				if !mail.IsPermanent(err) {
					t.Errorf("err = %v, want a permanent refusal", err)
				}
				return
			}
			if got := server.Letters(); err != nil || len(got) != 1 || got[0].To != tt.arrives {
				t.Errorf("letters = %+v, %v, want one to %s", got, err, tt.arrives)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	pass := secret.NewString("x")
	for _, tt := range []struct {
		name string
		o    mail.Options
		ok   bool
	}{
		{"a server and a sender", mail.Options{Server: "mail.contoso.example:587", From: from}, true},
		{"no port", mail.Options{Server: "mail.contoso.example", From: from}, false},
		{"no sender", mail.Options{Server: "mail.contoso.example:587"}, false},
		{"no TLS elsewhere", mail.Options{Server: "mail.contoso.example:25", From: from, TLS: mail.None}, false},
		{"no TLS here", mail.Options{Server: "[::1]:25", From: from, TLS: mail.None}, true},
		{"a password without TLS", mail.Options{Server: "[::1]:25", From: from, TLS: mail.None, User: "id", Password: pass}, false},
		{"a user without a password", mail.Options{Server: "mail.contoso.example:587", From: from, User: "id"}, false},
		{"another way of TLS", mail.Options{Server: "mail.contoso.example:587", From: from, TLS: "sometimes"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := mail.New(tt.o); (err == nil) != tt.ok {
				t.Errorf("err = %v, want ok = %v", err, tt.ok)
			}
		})
	}
}

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want mail.Address
	}{
		{"ada@contoso.example", mail.Address{Mail: "ada@contoso.example"}},
		{"Ada Lovelace <ada@contoso.example>", mail.Address{Name: "Ada Lovelace", Mail: "ada@contoso.example"}},
		{"ada", mail.Address{}},
		{"a@contoso.example, b@contoso.example", mail.Address{}},
		{`"a b"@contoso.example`, mail.Address{}},
	} {
		got, err := mail.ParseAddress(tt.in)
		if err == nil && got != tt.want || (err == nil) == tt.want.IsZero() {
			t.Errorf("%q = %+v, %v, want %+v", tt.in, got, err, tt.want)
		}
	}
}

// TestBox keeps messages over a restart, one of an identifier.
func TestBox(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mail", "outbox.json")
	b, err := mail.OpenBox(file)
	if err != nil {
		t.Fatal(err)
	}
	first, second := letter(), letter()
	second.ID = "second"
	for _, m := range []mail.Message{first, second, first} {
		if err := b.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if diff := cmp.Diff([]mail.Message{first, second}, b.All()); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
		if m, ok := b.Find("second"); !ok || m.ID != "second" {
			t.Errorf("found %+v, %v", m, ok)
		}
		if _, ok := b.Find("third"); ok {
			t.Error("found what nobody sent")
		}
		if b, err = mail.OpenBox(file); err != nil {
			t.Fatal(err)
		}
	}
}
