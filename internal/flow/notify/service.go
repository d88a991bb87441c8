package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/mail"
	"entente/internal/kit/sqldb"
)

// A Writer says, in a transaction that only reads, what a message tells. It
// returns nil when there is nothing to tell any more.
type Writer func(ctx context.Context, tx *sqldb.Tx, m *Message) (Content, error)

// A Service stores messages and sends them.
type Service struct {
	db      *sqldb.DB
	sender  mail.Sender // nil: nothing is sent from here
	host    string
	writers map[Kind]Writer
}

// NewService returns a service on db that hands messages to sender, which is
// nil where no mail server is set. Host is the name of the installation that
// stands below each message. The writers are added before the first message.
func NewService(db *sqldb.DB, sender mail.Sender, host string) *Service {
	return &Service{db, sender, host, make(map[Kind]Writer)}
}

// Write makes w the writer of a kind. A kind has one; a second is a mistake of
// composition and panics.
func (s *Service) Write(k Kind, w Writer) {
	if s.writers[k] != nil {
		panic("notify: two writers for " + string(k))
	}
	s.writers[k] = w
}

// Ready refuses where nothing can be sent.
func (s *Service) Ready() error {
	if s.sender == nil {
		return noServer()
	}
	return nil
}

// SendKind is the kind of the jobs that send.
const SendKind jobs.Kind = "notify.send"

// Tries says how often and for how long a message is tried: half a minute
// after the first time, then in growing pauses of four hours at most, for about
// two days.
var Tries = jobs.Policy{Tries: tries, First: 30 * time.Second, Most: 4 * time.Hour}

const tries = 24

// Put stores m, to be sent to its addressee and in copy to others, in the
// caller's transaction. Identifier, recipient and time are set here.
func (s *Service) Put(ctx context.Context, tx *sqldb.Tx, m Message, copies ...string) error {
	if err := s.Ready(); err != nil {
		return err
	}
	if s.writers[m.Kind] == nil {
		return fault.New(fault.Internal, "There is no writer of messages of the kind %s.", m.Kind)
	}
	to := []string{m.Addressee}
	for _, c := range copies {
		if !strings.EqualFold(c, m.Addressee) {
			to = append(to, c)
		}
	}
	for _, recipient := range to {
		one := m
		one.ID, one.Recipient, one.CreatedAt, one.state = ids.New[string](), recipient, tx.Now(), Waiting
		if err := one.check(); err != nil {
			return err
		}
		if err := addMessage(ctx, tx, &one); err != nil {
			return err
		}
		if err := jobs.Enqueue(ctx, tx, jobs.Job{Kind: SendKind, Tenant: one.Tenant, Key: one.ID}); err != nil {
			return err
		}
	}
	return nil
}

// Send is the handler of SendKind: it sends the message of the job's key, if
// that is still to be sent.
func (s *Service) Send(ctx context.Context, w *jobs.Work) error {
	if s.sender == nil {
		return noServer()
	}
	m, letter, err := s.letter(ctx, w)
	if err != nil || m == nil || m.over() {
		return err
	}
	if letter == nil {
		return s.end(ctx, w, m, Dropped)
	}
	// Outside any transaction: a mail server takes its time.
	err = s.sender.Send(ctx, *letter)
	switch {
	case err == nil:
		return s.end(ctx, w, m, Sent)
	case m.state == Waiting && (mail.IsPermanent(err) || w.Tries >= tries):
		if failed := s.failed(ctx, m, err); failed != nil {
			return failed // the next try finds out once more
		}
		return jobs.Permanent(err)
	case mail.IsPermanent(err):
		return jobs.Permanent(err)
	}
	return err
}

// letter returns the message of a job with what it says now: nothing when it is
// gone or over, and no letter when its writer has nothing to say.
func (s *Service) letter(ctx context.Context, w *jobs.Work) (m *Message, letter *mail.Message, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		m, letter = nil, nil
		found, err := getMessage(ctx, tx, w.Tenant, w.Key)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		m = found
		if m.over() {
			return nil
		}
		write := s.writers[m.Kind]
		if write == nil {
			return fmt.Errorf("no writer of messages of the kind %s", m.Kind)
		}
		c, err := write(ctx, tx, m)
		if err != nil || c == nil {
			return err
		}
		letter, err = s.render(m, c)
		return err
	})
	return m, letter, err
}

// end notes that the message needs no further try, together with the end of
// the job.
func (s *Service) end(ctx context.Context, w *jobs.Work, m *Message, to State) error {
	from := m.state
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		m.state = from // the transaction may run twice
		if err := m.end(to); err != nil {
			return err
		}
		if err := endMessage(ctx, tx, m, ""); err != nil {
			return err
		}
		return w.Complete(ctx, tx)
	})
}

// failed notes why a message was not taken, in the tenant's audit log as well:
// whoever caused it believes that it arrived.
func (s *Service) failed(ctx context.Context, m *Message, why error) error {
	from := m.state
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		m.state = from
		if err := m.end(Failed); err != nil {
			return err
		}
		text := shorten(why.Error())
		if err := endMessage(ctx, tx, m, text); err != nil {
			return err
		}
		category, kind := m.Kind.about()
		return audit.Record(ctx, tx, authz.System(m.Tenant, "notify"), audit.Entry{
			Category: category, Activity: "Send message",
			Target:  audit.Target{Kind: kind, ID: m.About, Name: m.Recipient},
			Detail:  map[string]string{"kind": string(m.Kind), "message": m.ID},
			Failure: text,
		})
	})
}

// shorten bounds what a mail server said.
func shorten(s string) string {
	const most = 500
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Sweep removes up to limit messages that ended long ago and says how many.
func (s *Service) Sweep(ctx context.Context, limit int) (n int, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error { n, err = dropEnded(ctx, tx, limit); return err })
	return n, err
}
