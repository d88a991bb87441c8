package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A throwaway is a second lab, in a folder that is gone afterwards. What moves
// the clock happens there: the lab that stays up keeps real time, because other
// people's clients compare its tokens with theirs.
type throwaway struct {
	*story
	stop  func() error
	guest *browser // of who asks
	asked string   // the page of the request
	home  string   // the guest's account in tenant A
}

// openSecond starts a second lab and sets up in it what the story is about.
func (s *story) openSecond(ctx context.Context) error {
	if err := s.endSecond(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "entente-lab-")
	if err != nil {
		return err
	}
	l, err := open(Options{Data: filepath.Join(dir, "lab"), Out: io.Discard, self: s.self, builtIn: s.builtIn})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	l.log, l.plans = s.lab.log, few
	if l.options.listener, err = listenLoopback(0); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	listener, err := l.listen()
	if err == nil {
		err = l.build(ctx, listener)
	}
	if err != nil {
		return errors.Join(err, l.options.listener.Close(), os.RemoveAll(dir))
	}
	serving, end := context.WithCancel(ctx)
	parts := newParts(serving)
	parts.start("the second lab's server", l.server.Run)
	s.second = &throwaway{story: l.story(parts), stop: func() error {
		end()
		l.http.CloseIdleConnections()
		err := errors.Join(parts.wait(), l.server.Close())
		return errors.Join(err, os.RemoveAll(dir))
	}}
	s.paper.fact("address", l.world.Name)
	if err := l.seed(ctx); err != nil {
		return err
	}
	for _, do := range []func(*story, context.Context) error{(*story).createIdentity, (*story).startHost, (*story).openDesk, (*story).offerPackage} {
		if err := do(s.second.story, ctx); err != nil {
			return err
		}
	}
	s.second.paper, s.second.api.paper = s.paper, s.paper // from here on it is told
	s.paper.note("The same tenants, the same package, other people. It is gone when this story ends.")
	return nil
}

// endSecond ends the second lab, if there is one.
func (s *story) endSecond() error {
	if s.second == nil {
		return nil
	}
	stop := s.second.stop
	s.second = nil
	return stop()
}

// inSecond returns a step that happens in the second lab.
func inSecond(do func(*throwaway, context.Context) error) func(*story, context.Context) error {
	return func(s *story, ctx context.Context) error {
		if s.second == nil {
			return errors.New("there is no second lab")
		}
		return do(s.second, ctx)
	}
}

// portal returns the address of a page of tenant A's My Access.
func (w *world) portal(rest string) string { return w.Name + "/@" + w.A.Domain + rest }

// packageLink is what is sent to who may ask, or "" before there is a package.
func (w *world) packageLink() string {
	if w.Access.Policy == "" {
		return ""
	}
	return w.portal("/access-packages/" + w.Access.Package)
}

// signInAt opens a page as somebody who has to sign in first.
func (t *throwaway) signInAt(ctx context.Context, address string, who account) (*browser, error) {
	b := newBrowser(t.api.http.Transport, t.paper)
	err := b.open(ctx, address)
	if err == nil {
		err = b.submit(ctx, "step=identify", map[string]string{"username": who.UPN})
	}
	if err == nil {
		err = b.submit(ctx, "step=password", map[string]string{"password": who.Password})
	}
	return b, err
}

// askByLink has somebody of tenant B, who has no account in tenant A, ask by the
// package's link.
func (t *throwaway) askByLink(ctx context.Context) (err error) {
	asks := t.world.B.Others[2]
	if t.guest, err = t.signInAt(ctx, t.world.packageLink()+"?signin=1", asks); err != nil {
		return err
	}
	if err := t.guest.submit(ctx, "policy="+t.world.Access.Policy, map[string]string{"justification": "I draw the housing."}); err != nil {
		return err
	}
	t.asked = t.guest.page.address.String()
	if said := t.guest.page.words(); !strings.Contains(said, "Waiting for approval") {
		return fmt.Errorf("the page after the request says: %.400s", said)
	}
	t.paper.fact("who asks", asks.UPN)
	t.paper.fact("state", "Waiting for approval")
	return nil
}

// agree has the approver of tenant A agree on the page, and waits until the
// requestor's page says that all is delivered.
func (t *throwaway) agree(ctx context.Context) error {
	id := t.asked[strings.LastIndex(t.asked, "/")+1:]
	b, err := t.signInAt(ctx, t.world.portal("/access/approvals/"+id), t.world.A.Others[0])
	if err != nil {
		return err
	}
	if err := b.submit(ctx, "decision=approve", map[string]string{"reason": "Until the drawings are done."}); err != nil {
		return err
	}
	if said := b.page.words(); !strings.Contains(said, "Your decision is recorded: approved.") {
		return fmt.Errorf("the page after the decision says: %.400s", said)
	}
	t.paper.fact("who approves", t.world.A.Others[0].UPN)
	quiet := &browser{http: t.guest.http, paper: newPaper(io.Discard, true)}
	return until(ctx, "the request is not delivered", func() (bool, error) {
		err := quiet.open(ctx, t.asked)
		return strings.Contains(quiet.page.words(), "Delivered"), err
	})
}

// enter opens the door of the travel desk for the first time.
func (t *throwaway) enter(ctx context.Context) error {
	if err := t.guest.open(ctx, t.world.Desk.URL+"/sign-in"); err != nil {
		return err
	}
	if err := t.guest.submit(ctx, "decision=accept", nil); err != nil {
		return err
	}
	said := t.guest.page.words()
	if t.guest.page.status != http.StatusOK || !strings.Contains(said, "Welcome") {
		return fmt.Errorf("the travel desk answers %d and says: %.400s", t.guest.page.status, said)
	}
	t.paper.fact("the travel desk", "lets them in, by the app role "+deskRole)
	var given struct{ Target struct{ ObjectID string } }
	id := t.asked[strings.LastIndex(t.asked, "/")+1:]
	token, err := t.signIn(ctx, t.world.A.Admin)
	if err == nil {
		err = t.api.quietly().json(ctx, http.MethodGet, governance+"/assignmentRequests/"+id+"/assignment?$expand=target", token, nil, &given)
	}
	t.home = given.Target.ObjectID
	return err
}

// The ends of the package and of the guest.
const (
	packageLasts = 90 * 24 * time.Hour
	guestStays   = 30 * 24 * time.Hour
)

// expire lets the package's time pass and finds the door closed.
func (t *throwaway) expire(ctx context.Context) error {
	t.lab.clock.Advance(packageLasts)
	t.paper.fact("the second lab's clock", t.lab.clock.Now().Format("January 2, 2006"))
	if err := t.untilUser(ctx, "the guest is not blocked", func(u user) bool { return u.Enabled != nil && !*u.Enabled }); err != nil {
		return err
	}
	b, err := t.signInAt(ctx, t.world.Desk.URL+"/sign-in", t.world.B.Others[2])
	if err != nil {
		return err
	}
	if b.page.status < 400 || strings.Contains(b.page.words(), "Welcome") {
		return fmt.Errorf("the door is open: %d at %s, which says: %.400s", b.page.status, b.page.address.Path, b.page.words())
	}
	t.paper.fact("the travel desk", "refuses them")
	return nil
}

// endOfGuest lets the guest's time pass too, and ends the second lab.
func (s *story) endOfGuest(ctx context.Context) error {
	err := inSecond((*throwaway).forget)(s, ctx)
	return errors.Join(err, s.endSecond())
}

func (t *throwaway) forget(ctx context.Context) error {
	t.lab.clock.Advance(guestStays)
	t.paper.fact("the second lab's clock", t.lab.clock.Now().Format("January 2, 2006"))
	if err := t.untilUser(ctx, "the guest is not deleted", func(u user) bool { return u.Enabled == nil }); err != nil {
		return err
	}
	t.paper.fact("the guest", "is deleted")
	return nil
}

// A user is what the story looks at of one: Enabled is nil where there is none.
type user struct {
	Enabled *bool `json:"accountEnabled"`
}

// untilUser waits until the guest in tenant A is as wanted.
func (t *throwaway) untilUser(ctx context.Context, late string, is func(user) bool) error {
	token, err := t.token(ctx, &t.world.A, graphScope)
	if err != nil {
		return err
	}
	return until(ctx, late, func() (bool, error) {
		var u user
		err := t.api.quietly().json(ctx, http.MethodGet, "/v1.0/users/"+t.home+"?$select=accountEnabled", token, nil, &u)
		if r, ok := errors.AsType[*refusal](err); ok && r.status == http.StatusNotFound {
			err = nil
		}
		return is(u), err
	})
}

// until looks again until what is waited for is so, for half a minute of the
// machine's time.
func until(ctx context.Context, late string, is func() (bool, error)) error {
	wait, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if so, err := is(); so || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-wait.Done():
			return errors.New(late)
		}
	}
}
