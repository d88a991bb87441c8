package provision

import (
	"slices"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Role is a role of a resource, as access packages name it.
type Role struct {
	System string // originSystem of the resource
	Origin string // its originId
	Role   string // originId of the role
}

// The systems that connectors of this store serve.
const (
	Groups       = "AadGroup"
	Applications = "AadApplication"
	Sites        = "SharePointOnline"
)

// A State says how far a grant has come for one source.
type State string

// The states.
const (
	Wanted   State = "wanted"
	Pending  State = "pending" // the connector has begun and will say
	Given    State = "given"
	Failed   State = "failed"
	Unwanted State = "unwanted"
)

// next lists, for each state, the states that may follow.
var next = map[State][]State{
	Wanted:   {Given, Pending, Failed, Unwanted},
	Pending:  {Given, Failed, Unwanted},
	Failed:   {Wanted, Unwanted},
	Given:    {Wanted, Unwanted},
	Unwanted: {Wanted},
}

// A Grant is one role of one object for the sake of one source.
type Grant struct {
	Tenant ids.TenantID
	ID     string // of the role and object, whatever the source
	Object ids.ObjectID
	Role   Role
	Source string
	Cause  ids.CauseID
	Until  time.Time // zero: no end
	State  State
	Error  string // why it failed, for those who administer
	Place  string // the connector's note
}

// newGrant returns a grant that a source wants.
func newGrant(tenant ids.TenantID, object ids.ObjectID, r Role, source string, until time.Time) *Grant {
	id := ids.Derived[string]("grant", string(tenant), string(object), r.System, r.Origin, r.Role)
	return &Grant{
		Tenant: tenant, ID: id, Object: object, Role: r, Source: source, Until: until, State: Wanted,
		Cause: ids.Derived[ids.CauseID]("grant", id, source),
	}
}

func (g *Grant) move(to State) error {
	if !slices.Contains(next[g.State], to) {
		return fault.New(fault.Conflict, "A grant cannot go from %s to %s.", g.State, to)
	}
	g.State, g.Error = to, ""
	return nil
}

// fail notes why it could not be done. What is unwanted stays so.
func (g *Grant) fail(why error) error {
	if g.State != Unwanted {
		if err := g.move(Failed); err != nil {
			return err
		}
	}
	g.Error = shorten(fault.Public(why).Message)
	return nil
}

// Settled reports whether nothing is left to be done for it.
func (g *Grant) Settled() bool { return g.State == Given }

func shorten(s string) string {
	const most = 400
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
