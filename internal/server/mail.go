package server

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"entente/internal/kit/fetch"
	"entente/internal/kit/mail"
	"entente/internal/kit/web"
)

// newMail returns where messages go, or nil where the settings name no server.
func (s *Server) newMail() (mail.Sender, error) {
	c := s.config
	if s.options.Mail != nil || c.MailServer == "" {
		return s.options.Mail, nil
	}
	o := mail.Options{Server: c.MailServer, User: c.MailUser, Password: c.MailPassword, TLS: c.MailTLS}
	var err error
	if o.From, err = mail.ParseAddress(c.MailFrom); err != nil {
		return nil, fmt.Errorf("mail-from: %w", err)
	}
	if u, err := url.Parse(c.Name); err == nil {
		o.Hello = u.Hostname()
	}
	if c.MailCAFile != "" {
		text, err := os.ReadFile(c.MailCAFile)
		if err != nil {
			return nil, fmt.Errorf("mail-ca-file: %w", err)
		}
		if o.Roots, err = fetch.Trusting(text); err != nil {
			return nil, fmt.Errorf("mail-ca-file: %w", err)
		}
	}
	out, err := mail.New(o)
	if err != nil {
		return nil, fmt.Errorf("mail-server: %w", err)
	}
	return out, nil
}

// tryMail tells the operator, when the server starts, that messages will not
// leave. It ends nothing: people sign in without mail, and messages wait.
func (s *Server) tryMail(ctx context.Context) {
	out, ok := s.mail.(*mail.SMTP)
	if !ok {
		return
	}
	if err := out.Check(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "the mail server does not take our messages; they wait and are tried again", web.AttrError, err)
	}
}
