package provision_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/enttest/house"
	"entente/internal/flow/provision"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A bench is a house with a person, resources, and the service.
type bench struct {
	*house.House
	t       *testing.T
	service *provision.Service
	who     ids.ObjectID
}

func each(t *testing.T, more map[string]provision.Connector, test func(b *bench)) {
	house.Each(t, func(t *testing.T, h *house.House) {
		b := &bench{House: h, t: t, service: provision.NewService(h.DB, more)}
		b.who = h.AddUser(t, h.A, "lee").ID
		test(b)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) do(work func(ctx context.Context, tx *sqldb.Tx) error) error {
	return b.DB.Update(b.t.Context(), func(tx *sqldb.Tx) error { return work(b.t.Context(), tx) })
}

func (b *bench) want(source string, until time.Time, roles ...provision.Role) {
	b.t.Helper()
	must(b.t, b.do(func(ctx context.Context, tx *sqldb.Tx) error {
		return b.service.Want(ctx, tx, b.A.ID, provision.Wish{Object: b.who, Source: source, Roles: roles, Until: until})
	}))
}

func (b *bench) apply(source string) error {
	return b.do(func(ctx context.Context, tx *sqldb.Tx) error { return b.service.Apply(ctx, tx, b.A.ID, source) })
}

// fulfil fulfils wishes together. What it says is what is stored, and doing it again
// moves nothing.
func (b *bench) fulfil(wishes ...provision.Wish) {
	b.t.Helper()
	for n := range 2 {
		var out map[string]provision.Outcome
		must(b.t, b.do(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			out, err = b.service.Fulfil(ctx, tx, b.A.ID, wishes)
			return err
		}))
		for _, w := range wishes {
			o := out[w.Source]
			if !o.Complete() || o.Given != len(w.Roles) || fmt.Sprint(o.Tally) != fmt.Sprint(b.tally(w.Source)) || n > 0 && o.Moved {
				b.t.Fatalf("%+v, time %d: %+v, stored %+v", w, n+1, o, b.tally(w.Source))
			}
		}
	}
}

func (b *bench) tally(source string) (t provision.Tally) {
	b.t.Helper()
	must(b.t, b.do(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		t, err = provision.TallyOf(ctx, tx, b.A.ID, source)
		return err
	}))
	return t
}

// group makes a group without members.
func (b *bench) group(name string, kinds ...string) ids.ObjectID {
	b.t.Helper()
	body := map[string]any{"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true}
	if slices.Contains(kinds, "Unified") {
		body["mailEnabled"], body["groupTypes"] = true, kinds
	}
	text, err := json.Marshal(body)
	must(b.t, err)
	g, err := b.Users.CreateGroup(b.t.Context(), b.A.Admin, text, nil, nil)
	must(b.t, err)
	return g.ID
}

func member(group ids.ObjectID) provision.Role {
	return provision.Role{System: provision.Groups, Origin: string(group), Role: "Member_" + string(group)}
}

func owner(group ids.ObjectID) provision.Role {
	return provision.Role{System: provision.Groups, Origin: string(group), Role: "Owner_" + string(group)}
}

// isMember asks the directory as everybody else does.
func (b *bench) isMember(group ids.ObjectID) (in bool) {
	b.t.Helper()
	must(b.t, b.do(func(ctx context.Context, tx *sqldb.Tx) error {
		among, err := directory.GroupsAmong(ctx, tx, b.A.ID, b.who, []ids.ObjectID{group}, false)
		in = len(among) == 1
		return err
	}))
	return in
}

func (b *bench) isOwner(group ids.ObjectID) (in bool) {
	b.t.Helper()
	must(b.t, b.do(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		in, err = object.Owns(ctx, tx, b.A.ID, group, b.who)
		return err
	}))
	return in
}

// TestTheSameGroupTwice has two sources give one group: it ends with the last.
func TestTheSameGroupTwice(t *testing.T) {
	each(t, nil, func(b *bench) {
		g := b.group("design")
		for _, source := range []string{"a", "b"} {
			b.want(source, time.Time{}, member(g), owner(g))
			must(b.t, b.apply(source))
		}
		if got := b.tally("a"); got.Given != 2 || !got.Complete() || !b.isMember(g) || !b.isOwner(g) {
			b.t.Fatalf("given: %+v, member %v, owner %v", got, b.isMember(g), b.isOwner(g))
		}
		b.want("a", time.Time{})
		must(b.t, b.apply("a"))
		if !b.isMember(g) || !b.isOwner(g) {
			b.t.Error("what the other source wants as well was taken")
		}
		b.want("b", time.Time{})
		must(b.t, b.apply("b"))
		if b.isMember(g) || b.isOwner(g) {
			b.t.Error("what nobody wants any more was kept")
		}
		if got := b.tally("b"); got.Given+got.Pending+got.Failed+got.Stuck != 0 {
			b.t.Errorf("left: %+v", got)
		}
	})
}

// TestWhatWasThereBeforeStays has a member and owner get the same by a package.
func TestWhatWasThereBeforeStays(t *testing.T) {
	each(t, nil, func(b *bench) {
		g := b.group("design")
		must(b.t, b.Users.AddMember(b.t.Context(), b.A.Admin, g, b.who, time.Time{}))
		must(b.t, b.Users.AddGroupOwner(b.t.Context(), b.A.Admin, g, b.who))
		b.want("a", b.Clock.Now().Add(time.Hour), member(g), owner(g))
		must(b.t, b.apply("a"))
		b.Clock.Advance(2 * time.Hour)
		if !b.isMember(g) {
			b.t.Error("the end of the package ended what was there before")
		}
		b.want("a", time.Time{})
		must(b.t, b.apply("a"))
		if !b.isMember(g) || !b.isOwner(g) {
			b.t.Errorf("member %v, owner %v: what was there before was taken", b.isMember(g), b.isOwner(g))
		}
	})
}

// TestAnEndIsToTheSecond has nobody look at the grant when its end comes.
func TestAnEndIsToTheSecond(t *testing.T) {
	each(t, nil, func(b *bench) {
		g := b.group("design")
		b.want("a", b.Clock.Now().Add(time.Hour), member(g))
		must(b.t, b.apply("a"))
		b.want("a", b.Clock.Now().Add(2*time.Hour), member(g)) // extended
		must(b.t, b.apply("a"))
		b.Clock.Advance(2*time.Hour - time.Second)
		if !b.isMember(g) {
			b.t.Error("it ended before its end")
		}
		b.Clock.Advance(time.Second)
		if b.isMember(g) {
			b.t.Error("it did not end")
		}
	})
}

// TestAppRolesAndSites gives the other kinds of roles.
func TestAppRolesAndSites(t *testing.T) {
	each(t, nil, func(b *bench) {
		t := b.t
		a, err := b.Apps.Create(t.Context(), b.A.Admin, []byte(`{"displayName":"Drawings","appRoles":[{"id":"6f1d4b64-9f1e-4c1d-9df6-1d3f2a7a1b11","isEnabled":true,"value":"Read","displayName":"Read","description":"Read","allowedMemberTypes":["User"]}]}`), nil)
		must(t, err)
		sp, err := b.Apps.CreatePrincipal(t.Context(), b.A.Admin, a.AppID, []byte(`{}`), nil)
		must(t, err)
		role := provision.Role{System: provision.Applications, Origin: string(sp.ID), Role: "6f1d4b64-9f1e-4c1d-9df6-1d3f2a7a1b11"}
		g := b.group("plans", "Unified")
		var at *site.Site
		must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			at, err = site.OfGroup(ctx, tx, b.A.ID, g)
			return err
		}))
		visitors := provision.Role{System: provision.Sites, Origin: at.WebURL, Role: "4"}
		held := func() (app, place bool) {
			must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) error {
				page, err := consent.ListAssignments(ctx, tx, b.A.ID, consent.HeldBy(b.who), query.Query{})
				if err != nil {
					return err
				}
				list, err := site.Holders(ctx, tx, b.A.ID, at, 4, "")
				app, place = len(page.Items) == 1, slices.Contains(list, b.who)
				return err
			}))
			return app, place
		}
		b.want("a", time.Time{}, role, visitors)
		must(t, b.apply("a"))
		must(t, b.apply("a"))
		if app, place := held(); !app || !place {
			t.Fatalf("given: app role %v, site role %v", app, place)
		}
		b.want("a", time.Time{})
		must(t, b.apply("a"))
		if app, place := held(); app || place {
			t.Errorf("taken: app role %v, site role %v", app, place)
		}
	})
}

// later is a connector of a system elsewhere.
type later struct{}

func (later) Grant(context.Context, *sqldb.Tx, *provision.Grant) (provision.Answer, error) {
	return provision.Later, nil
}
func (later) Revoke(context.Context, *sqldb.Tx, *provision.Grant) (provision.Answer, error) {
	return provision.Later, nil
}

// TestOneFailureShowsAlone gives one role that is there, one that is not and
// one that comes later.
func TestOneFailureShowsAlone(t *testing.T) {
	each(t, map[string]provision.Connector{"Elsewhere": later{}}, func(b *bench) {
		t := b.t
		g, none := b.group("design"), ids.New[ids.ObjectID]()
		b.want("a", time.Time{}, member(g), member(none), provision.Role{System: "Elsewhere", Origin: "o", Role: "r"})
		if err := b.apply("a"); !errors.Is(err, fault.NotFound) || b.isMember(g) {
			t.Fatalf("all in one: err = %v, member %v", err, b.isMember(g))
		}
		must(t, b.service.ApplyEach(t.Context(), b.A.ID, "a"))
		if got := b.tally("a"); got.Given != 1 || got.Failed != 1 || got.Pending != 1 || len(got.Errors) != 1 || !b.isMember(g) {
			t.Errorf("each alone: %+v, member %v", got, b.isMember(g))
		}
		must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) error {
			all, err := provision.Of(ctx, tx, b.A.ID, "a")
			for _, one := range all {
				if one.State == provision.Pending {
					err = b.service.Answered(ctx, tx, b.A.ID, one.ID, "a", nil)
				}
			}
			return err
		}))
		if got := b.tally("a"); got.Given != 2 || got.Pending != 0 {
			t.Errorf("after the answer: %+v", got)
		}
	})
}

// TestGrantsAgainstAModel runs random grants, ends, and changes by hand against
// the plainest idea of who is a member: somebody put them there and nobody took
// it back.
func TestGrantsAgainstAModel(t *testing.T) {
	each(t, nil, func(b *bench) {
		groups := []ids.ObjectID{b.group("one"), b.group("two")}
		sources := []string{"a", "b", "c"}
		type tie struct {
			source string
			group  int
		}
		hand := map[int]bool{}
		given := map[tie]time.Time{}            // what counts, until when
		rows := map[tie]time.Time{}             // what the service believes to have given
		never := b.Clock.Now().AddDate(9, 0, 0) // stands for no end
		r := rand.New(rand.NewPCG(7, uint64(len(b.who))))
		for step := range 150 {
			g := r.IntN(len(groups))
			var did string
			switch r.IntN(5) {
			case 0, 1:
				var wishes []provision.Wish
				for _, i := range r.Perm(len(sources))[:1+r.IntN(len(sources))] {
					source := sources[i]
					until, stored := never, time.Time{}
					if r.IntN(2) == 0 {
						until = b.Clock.Now().Add(time.Duration(1+r.IntN(5)) * time.Hour)
						stored = until
					}
					w := provision.Wish{Object: b.who, Source: source, Until: stored}
					for i := range groups {
						if r.IntN(2) == 0 {
							w.Roles = append(w.Roles, member(groups[i]))
							if !rows[tie{source, i}].Equal(until) {
								given[tie{source, i}], rows[tie{source, i}] = until, until
							}
						} else {
							delete(given, tie{source, i})
							delete(rows, tie{source, i})
						}
					}
					wishes = append(wishes, w)
				}
				together := r.IntN(2) == 0
				did = fmt.Sprint("together ", together, ": ", wishes)
				if together {
					b.fulfil(wishes...)
					break
				}
				for _, w := range wishes {
					b.want(w.Source, w.Until, w.Roles...)
					must(b.t, b.apply(w.Source))
				}
			case 2:
				b.Clock.Advance(time.Duration(r.IntN(3)) * time.Hour)
				if r.IntN(2) == 0 {
					_, err := b.Users.EndDue(b.t.Context(), 50)
					must(b.t, err)
				}
				did = "time"
			case 3:
				did = fmt.Sprint("by hand into ", g)
				if err := b.Users.AddMember(b.t.Context(), b.A.Admin, groups[g], b.who, time.Time{}); err == nil {
					hand[g] = true
				} else if !errors.Is(err, directory.AlreadyMember) {
					b.t.Fatal(err)
				}
			case 4:
				did = fmt.Sprint("by hand out of ", g)
				if err := b.Users.RemoveMember(b.t.Context(), b.A.Admin, groups[g], b.who); err == nil {
					delete(hand, g)
					for _, s := range sources {
						delete(given, tie{s, g})
					}
				} else if !errors.Is(err, fault.NotFound) {
					b.t.Fatal(err)
				}
			}
			for i := range groups {
				want := hand[i]
				for at, until := range given {
					want = want || at.group == i && until.After(b.Clock.Now())
				}
				if got := b.isMember(groups[i]); got != want {
					b.t.Fatalf("step %d, %s: member of %d is %v, want %v", step, did, i, got, want)
				}
			}
		}
	})
}

// TestTogetherOneFailsAll has one of several sources want what cannot be given, and
// then what comes later.
func TestTogetherOneFailsAll(t *testing.T) {
	each(t, map[string]provision.Connector{"Elsewhere": later{}}, func(b *bench) {
		t, g := b.t, b.group("design")
		wish := func(source string, roles ...provision.Role) provision.Wish {
			return provision.Wish{Object: b.who, Source: source, Roles: roles}
		}
		fulfil := func(wishes ...provision.Wish) (out map[string]provision.Outcome, err error) {
			return out, b.do(func(ctx context.Context, tx *sqldb.Tx) (err error) {
				out, err = b.service.Fulfil(ctx, tx, b.A.ID, wishes)
				return err
			})
		}
		if _, err := fulfil(wish("a", member(g)), wish("b", member(ids.New[ids.ObjectID]()))); !errors.Is(err, fault.NotFound) || b.isMember(g) || b.tally("a").Given != 0 {
			t.Fatalf("a group that is not there: err = %v, member %v, given %+v", err, b.isMember(g), b.tally("a"))
		}
		elsewhere := provision.Role{System: "Elsewhere", Origin: "o", Role: "r"}
		out, err := fulfil(wish("a", member(g), owner(g)), wish("b", elsewhere, member(g)))
		must(t, err)
		if a, other := out["a"], out["b"]; !a.Complete() || a.Given != 2 || other.Pending != 1 || other.Given != 1 || !b.isMember(g) || !b.isOwner(g) {
			t.Errorf("a: %+v, b: %+v, member %v, owner %v", a, other, b.isMember(g), b.isOwner(g))
		}
		out, err = fulfil(wish("a"), wish("b"))
		must(t, err)
		if a, other := out["a"], out["b"]; !a.Complete() || a.Given != 0 || other.Stuck != 1 || b.tally("b").Stuck != 1 || b.isMember(g) || b.isOwner(g) {
			t.Errorf("taken: a: %+v, b: %+v, member %v, owner %v", a, other, b.isMember(g), b.isOwner(g))
		}
	})
}
