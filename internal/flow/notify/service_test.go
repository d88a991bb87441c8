package notify_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest/house"
	"entente/internal/enttest/mailbox"
	"entente/internal/flow/notify"
	"entente/internal/kit/jobs"
	"entente/internal/kit/mail"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A desk puts messages, and sends them to a mail server of the test's.
type desk struct {
	*house.House
	t       *testing.T
	service *notify.Service
	worker  *jobs.Worker
	server  *mailbox.Server
	says    func() (notify.Content, error) // what the writer answers
}

func eachDesk(t *testing.T, test func(d *desk)) {
	house.Each(t, func(t *testing.T, h *house.House) {
		d := &desk{House: h, t: t, server: mailbox.New(t, mailbox.Options{})}
		smtp, err := mail.New(mail.Options{Server: d.server.Address, Roots: d.server.Roots, From: mail.Address{Mail: "no-reply@id.example"}})
		must(t, err)
		d.says = func() (notify.Content, error) {
			return notify.InvitationContent{
				Organization: notify.Organization{Name: "Contoso", Domain: "contoso.example"}, Guest: notify.Person{Address: grace},
				Inviter: notify.Person{Name: "Ada", Address: "ada@contoso.example"}, Link: secret.NewString("https://id.example/redeem?ticket=s3cret"), Until: h.Clock.Now().Add(time.Hour),
			}, nil
		}
		d.serve(smtp)
		d.due() // what follows from the people of the house, who are new
		test(d)
	})
}

// serve has messages go to a sender from now on.
func (d *desk) serve(to mail.Sender) {
	d.service = notify.NewService(d.DB, to, "id.example")
	d.service.Write(notify.Invitation, func(context.Context, *sqldb.Tx, *notify.Message) (notify.Content, error) { return d.says() })
	d.worker = jobs.New(d.DB, d.Clock, jobs.Options{})
	d.worker.Handle(notify.SendKind, d.service.Send, notify.Tries)
}

const grace = "grace@fabrikam.example"

// put stores a message to Grace in a transaction that then fails or not.
func (d *desk) put(then error, copies ...string) error {
	return d.DB.Update(d.t.Context(), func(tx *sqldb.Tx) error {
		m := notify.Message{Tenant: d.A.ID, Kind: notify.Invitation, About: "a user", Part: "1", Addressee: grace, Note: "Welcome."}
		if err := d.service.Put(d.t.Context(), tx, m, copies...); err != nil {
			return err
		}
		return then
	})
}

// due runs what is due and returns how many attempts that took.
func (d *desk) due() int {
	d.t.Helper()
	n, err := d.worker.RunDue(d.t.Context())
	must(d.t, err)
	return n
}

// rows returns the state of each message, its words and why it failed.
func (d *desk) rows() (all []string) {
	d.t.Helper()
	must(d.t, d.DB.View(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.All(d.t.Context(), tx, `select state, note, error from message where tenant_id = ? order by recipient`, []any{d.A.ID},
			func(scan func(...any) error) (string, error) {
				var state, note, why string
				err := scan(&state, &note, &why)
				return strings.TrimSpace(state + " " + note + " " + why), err
			})
		return err
	}))
	return all
}

func (d *desk) dead() (all []jobs.Info) {
	d.t.Helper()
	must(d.t, d.DB.View(d.t.Context(), func(tx *sqldb.Tx) (err error) {
		all, err = jobs.ListDead(d.t.Context(), tx, 10)
		return err
	}))
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAMessageIsOfItsCause: it is sent when its transaction commits, and never
// when it does not.
func TestAMessageIsOfItsCause(t *testing.T) {
	eachDesk(t, func(d *desk) {
		no := errors.New("no")
		if err := d.put(no); !errors.Is(err, no) {
			t.Fatal(err)
		}
		if n := d.due(); n != 0 || len(d.rows()) != 0 {
			t.Fatalf("%d attempts, rows %v, of a transaction that failed", n, d.rows())
		}
		must(t, d.put(nil, "chief@fabrikam.example", "GRACE@fabrikam.example"))
		d.due()
		got := d.server.Letters()
		if len(got) != 2 {
			t.Fatalf("%d letters, want one to Grace and one copy", len(got))
		}
		slices.SortFunc(got, func(a, b mailbox.Letter) int { return strings.Compare(b.To, a.To) })
		if l := got[0]; l.To != grace || l.Subject != "Contoso invites you as a guest" || !strings.Contains(l.Text, "s3cret") || !strings.Contains(l.HTML, "s3cret") || l.Header.Get("Cc") != "" {
			t.Errorf("letter = %+v", l)
		}
		if l := got[1]; l.To != "chief@fabrikam.example" || strings.Contains(l.Raw, "s3cret") || l.Header.Get("To") != "<"+grace+">" || l.Header.Get("Cc") != "<chief@fabrikam.example>" {
			t.Errorf("copy = %+v", l)
		}
		if got := d.rows(); !slices.Equal(got, []string{"sent", "sent"}) {
			t.Errorf("rows %q, want both sent and their words forgotten", got)
		}
		if n := d.due(); n != 0 {
			t.Errorf("%d further attempts", n)
		}
	})
}

// TestRefusedForNow: a mail server that is busy is asked again, under one
// identifier, and one recipient does not wait for the other.
func TestRefusedForNow(t *testing.T) {
	eachDesk(t, func(d *desk) {
		d.server.Refuse(grace, 450, 421)
		must(t, d.put(nil, "chief@fabrikam.example"))
		d.due()
		if got := d.server.Letters(); len(got) != 1 || got[0].To != "chief@fabrikam.example" {
			t.Fatalf("letters %+v, want the copy alone", got)
		}
		for _, pause := range []time.Duration{30 * time.Second, time.Minute} {
			if n := d.due(); n != 0 {
				t.Fatalf("tried again at once, %d times", n)
			}
			d.Clock.Advance(pause)
			d.due()
		}
		if got := d.server.Letters(); len(got) != 2 || got[1].To != grace {
			t.Errorf("letters %+v, want Grace's too", got)
		}
	})
}

// TestRefusedForGood: it fails at once, the tenant's audit log says so, and the
// operator may try it again.
func TestRefusedForGood(t *testing.T) {
	eachDesk(t, func(d *desk) {
		d.server.Refuse(grace, 550)
		must(t, d.put(nil))
		d.due()
		rows, dead := d.rows(), d.dead()
		if len(rows) != 1 || !strings.HasPrefix(rows[0], "failed Welcome. ") || !strings.Contains(rows[0], "550") || len(dead) != 1 || !strings.Contains(dead[0].Error, "550") {
			t.Fatalf("rows %q, dead %+v, want one that tells why", rows, dead)
		}
		var entries []string
		must(t, d.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
			entries, err = sqldb.All(t.Context(), tx, `select activity, target_name, reason from audit_entry where tenant_id = ? and activity = 'Send message'`, []any{d.A.ID},
				func(scan func(...any) error) (string, error) {
					var a, n, f string
					err := scan(&a, &n, &f)
					return n + " " + f, err
				})
			return err
		}))
		if len(entries) != 1 || !strings.HasPrefix(entries[0], grace+" ") || !strings.Contains(entries[0], "550") {
			t.Errorf("audit %q, want one failure", entries)
		}
		must(t, d.DB.Update(t.Context(), func(tx *sqldb.Tx) error { return jobs.Retry(t.Context(), tx, d.A.ID, dead[0].ID) }))
		d.due()
		if got := d.server.Letters(); len(got) != 1 || !strings.Contains(got[0].Text, "> Welcome.") || !slices.Equal(d.rows(), []string{"sent"}) {
			t.Errorf("after the operator's try: letters %+v, rows %q", got, d.rows())
		}
	})
}

// TestTwoDays: a server that stays away is not asked for ever.
func TestTwoDays(t *testing.T) {
	eachDesk(t, func(d *desk) {
		away := errors.New("away")
		d.serve(senderFunc(func(mail.Message) error { return away }))
		must(t, d.put(nil))
		began := d.Clock.Now()
		attempts := d.due()
		for len(d.dead()) == 0 && d.Clock.Now().Before(began.Add(100*time.Hour)) {
			d.Clock.Advance(10 * time.Minute)
			attempts += d.due()
		}
		took := d.Clock.Now().Sub(began)
		if attempts != notify.Tries.Tries || took < 40*time.Hour || took > 60*time.Hour {
			t.Errorf("%d attempts in %s, want %d in about two days", attempts, took, notify.Tries.Tries)
		}
		if rows := d.rows(); len(rows) != 1 || !strings.HasPrefix(rows[0], "failed") {
			t.Errorf("rows %q", rows)
		}
	})
}

// TestAServerEndsAfterTheMailServersWord: the message goes out again under the
// same identifier, so that the recipient's program knows it.
func TestAServerEndsAfterTheMailServersWord(t *testing.T) {
	eachDesk(t, func(d *desk) {
		var sent []string
		stop, cancel := context.WithCancel(t.Context())
		d.serve(senderFunc(func(m mail.Message) error {
			sent = append(sent, m.ID)
			cancel()
			return nil
		}))
		must(t, d.put(nil))
		d.worker.RunDue(stop) // its context ends before the end is stored
		if len(sent) != 1 || !strings.HasPrefix(d.rows()[0], "waiting") {
			t.Fatalf("sent %v, rows %q, want it to wait still", sent, d.rows())
		}
		d.Clock.Advance(2 * time.Minute)
		d.due()
		if len(sent) != 2 || sent[0] != sent[1] || !slices.Equal(d.rows(), []string{"sent"}) {
			t.Errorf("sent %v, rows %q, want the same twice", sent, d.rows())
		}
	})
}

// TestNothingToSayAnyMore: what a newer one replaced is not sent.
func TestNothingToSayAnyMore(t *testing.T) {
	eachDesk(t, func(d *desk) {
		d.says = func() (notify.Content, error) { return nil, nil }
		must(t, d.put(nil))
		d.due()
		if got := d.server.Letters(); len(got) != 0 || !slices.Equal(d.rows(), []string{"dropped"}) || len(d.dead()) != 0 {
			t.Errorf("letters %+v, rows %q, dead %v", got, d.rows(), d.dead())
		}
		d.Clock.Advance(31 * 24 * time.Hour)
		n, err := d.service.Sweep(t.Context(), 10)
		if err != nil || n != 1 || len(d.rows()) != 0 {
			t.Errorf("swept %d, %v, rows %q", n, err, d.rows())
		}
	})
}

// TestWithoutMailServer: nothing is promised, and what was promised before
// waits.
func TestWithoutMailServer(t *testing.T) {
	eachDesk(t, func(d *desk) {
		must(t, d.put(nil))
		d.serve(nil)
		if err := d.put(nil); err == nil || !strings.Contains(err.Error(), "mail-server") {
			t.Errorf("err = %v, want it to name the setting", err)
		}
		d.due()
		if rows := d.rows(); len(rows) != 1 || !strings.HasPrefix(rows[0], "waiting") {
			t.Errorf("rows %q, want one that waits", rows)
		}
	})
}

// TestAuditNamesNobodyElse keeps the failure in the log of the tenant in whose
// name the message was sent.
func TestAuditNamesNobodyElse(t *testing.T) {
	eachDesk(t, func(d *desk) {
		d.server.Refuse(grace, 550)
		must(t, d.put(nil))
		d.due()
		var n int
		must(t, d.DB.View(t.Context(), func(tx *sqldb.Tx) error {
			return tx.One(t.Context(), `select count(*) from audit_entry where tenant_id = ? and activity = 'Send message'`, []any{d.B.ID}, &n)
		}))
		if n != 0 {
			t.Errorf("%d entries in the other tenant", n)
		}
	})
}

// A senderFunc sends by a function.
type senderFunc func(mail.Message) error

func (f senderFunc) Send(_ context.Context, m mail.Message) error { return f(m) }
