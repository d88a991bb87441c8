package site

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Service changes teams and sites.
type Service struct {
	db     *sqldb.DB
	groups *directory.Service
}

// NewService returns a service on db.
func NewService(db *sqldb.DB, groups *directory.Service) *Service { return &Service{db, groups} }

// A Seat is who is to be in a new team.
type Seat struct {
	User  ids.ObjectID
	Roles []string
}

// PutTeam makes a team over a Microsoft 365 group.
// https://learn.microsoft.com/graph/api/team-put-teams?view=graph-rest-1.0
func (s *Service) PutTeam(ctx context.Context, who authz.Caller, group ids.ObjectID, body []byte) (*Team, error) {
	var t *Team
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		g, err := s.groups.ChangeGroup(ctx, tx, who, group, "basic/update")
		if err != nil {
			return err
		}
		t, err = s.over(ctx, tx, who, g, body)
		return err
	})
	return t, err
}

// over makes a team over a group, whose owner it needs.
func (s *Service) over(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *directory.Group, body []byte) (*Team, error) {
	t, err := NewTeam(g, body, tx.Now())
	if err != nil {
		return nil, err
	}
	owners, err := object.Owners(ctx, tx, g.Tenant, g.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(owners, func(o object.Object) bool { return o.Kind == object.User }) {
		return nil, fault.Because(fault.Invalid, NoTeamOwner, "A team owner must be provided when creating a team.").
			WithFix("Make a user an owner of the group, or name one with the role owner among the members.")
	}
	if err := addTeam(ctx, tx, t); err != nil {
		return nil, err
	}
	if err := s.lead(ctx, tx, t, g, body); err != nil {
		return nil, err
	}
	return t, record(ctx, tx, who, "Create team", t, nil)
}

// lead has the group follow what a body says of the team.
func (s *Service) lead(ctx context.Context, tx *sqldb.Tx, t *Team, g *directory.Group, body []byte) error {
	of := map[string]any{}
	var said map[string]json.RawMessage
	if len(body) > 0 {
		if err := json.Unmarshal(body, &said); err != nil {
			return err
		}
	}
	for name := range maps.Keys(said) {
		switch name {
		case "displayName":
			of[name] = t.DisplayName
		case "description":
			of[name] = t.Description
		case "classification":
			of[name] = t.Classification
		case "visibility":
			if t.Visibility != nil {
				of[name] = ofGroup(*t.Visibility)
			}
		}
	}
	change, err := json.Marshal(of)
	if err != nil {
		return err
	}
	h, err := s.groups.PutGroup(ctx, tx, g, change, t.IsArchived)
	if err == nil {
		t.follow(h)
	}
	return err
}

// Create makes a team: over a group if one is given, else with a group of its
// own. It returns the operation that did it.
// https://learn.microsoft.com/graph/api/team-post?view=graph-rest-1.0
func (s *Service) Create(ctx context.Context, who authz.Caller, template string, group ids.ObjectID, body []byte, seats []Seat) (t *Team, operation string, err error) {
	if err := checkTemplate(template); err != nil {
		return nil, "", err
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		var g *directory.Group
		if group != "" {
			g, err = s.groups.ChangeGroup(ctx, tx, who, group, "basic/update")
		} else {
			g, err = s.newGroup(ctx, tx, who, body, seats)
		}
		if err != nil {
			return err
		}
		if t, err = s.over(ctx, tx, who, g, body); err != nil {
			return err
		}
		operation, err = addOperation(ctx, tx, t, CreateTeam)
		return err
	})
	return t, operation, err
}

// MakeTeam makes a Microsoft 365 group from a Graph body of a group, and a team over
// it, at once. The owners are members too.
func (s *Service) MakeTeam(ctx context.Context, who authz.Caller, group []byte, owners, members []ids.ObjectID) (t *Team, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		for _, id := range slices.Concat(owners, members) {
			if err := isPerson(ctx, tx, who.Tenant, id); err != nil {
				return err
			}
		}
		g, err := s.groups.MakeGroup(ctx, tx, who, group, owners, slices.Concat(owners, members))
		if err != nil {
			return err
		}
		t, err = s.over(ctx, tx, who, g, []byte("{}"))
		return err
	})
	return t, err
}

// checkTemplate takes the address of the only template that there is.
func checkTemplate(address string) error {
	at := strings.ToLower(strings.TrimRight(address, "/"))
	if strings.HasSuffix(at, "teamstemplates('standard')") || strings.HasSuffix(at, "teamstemplates/standard") {
		return nil
	}
	return fault.Because(fault.Invalid, NotTemplate, "Invalid bind property name template in request.").
		WithFix("Send \"template@odata.bind\": \"…/teamsTemplates('standard')\".")
}

// newGroup makes the Microsoft 365 group of a new team.
func (s *Service) newGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, body []byte, seats []Seat) (*directory.Group, error) {
	var said struct {
		DisplayName    string  `json:"displayName"`
		Description    *string `json:"description"`
		Visibility     *string `json:"visibility"`
		Classification *string `json:"classification"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return nil, err
	}
	nick, err := freeNickname(ctx, tx, who.Tenant, said.DisplayName)
	if err != nil {
		return nil, err
	}
	visibility := directory.Public
	if said.Visibility != nil {
		visibility = ofGroup(*said.Visibility)
	}
	of, err := json.Marshal(map[string]any{
		"displayName": said.DisplayName, "description": said.Description, "classification": said.Classification, "mailNickname": nick,
		"groupTypes": []string{directory.Unified}, "mailEnabled": true, "securityEnabled": false, "visibility": visibility,
	})
	if err != nil {
		return nil, err
	}
	var owners, members []ids.ObjectID
	for _, seat := range seats {
		owner, err := owns(seat.Roles)
		if err == nil {
			err = isPerson(ctx, tx, who.Tenant, seat.User)
		}
		if err != nil {
			return nil, err
		}
		if owner {
			owners = append(owners, seat.User)
		}
		members = append(members, seat.User)
	}
	return s.groups.MakeGroup(ctx, tx, who, of, owners, members)
}

// freeNickname makes a nickname of a name, with a number if it is taken.
func freeNickname(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, name string) (string, error) {
	nick := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, name)
	nick = nick[:min(len(nick), 48)]
	if nick == "" {
		nick = "team"
	}
	err := directory.ValidateNames(ctx, tx, tenant, "", directory.Names{MailNickname: &nick})
	if f := fault.Public(err); err != nil && f.Reason == directory.NotValid {
		return nick + string(ids.New[ids.ObjectID]())[:8], nil
	}
	return nick, err
}

// What a change does to the group: to what it is called, and to who is in it.
var settings, people = []authz.Action{"basic/update"}, []authz.Action{"members/update", "owners/update"}

func isPerson(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
	o, err := object.Get(ctx, tx, tenant, id)
	if err == nil && o.Kind != object.User {
		err = fault.Because(fault.Invalid, BadMember, "Only users can be members of a team.")
	}
	return err
}

// change runs a rule on a team to whose group the caller may do what does says.
func (s *Service) change(ctx context.Context, who authz.Caller, id ids.ObjectID, does []authz.Action, rule func(*sqldb.Tx, *Team, *directory.Group) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		t, err := GetTeam(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		g, err := s.groups.ChangeGroup(ctx, tx, who, id, does...)
		if err != nil {
			return err
		}
		return rule(tx, t, g)
	})
}

// Update changes a team by a Graph body.
func (s *Service) Update(ctx context.Context, who authz.Caller, id ids.ObjectID, body []byte) error {
	return s.change(ctx, who, id, settings, func(tx *sqldb.Tx, t *Team, g *directory.Group) error {
		u, err := t.changed(body)
		if err != nil {
			return err
		}
		if err := s.lead(ctx, tx, u, g, body); err != nil {
			return err
		}
		if err := putTeam(ctx, tx, u); err != nil {
			return err
		}
		return record(ctx, tx, who, "Update team", u, audit.Diff(t, u))
	})
}

// Archive makes a team read-only, or ends that. It returns the operation.
// https://learn.microsoft.com/graph/api/team-archive?view=graph-rest-1.0
func (s *Service) Archive(ctx context.Context, who authz.Caller, id ids.ObjectID, archived bool) (operation string, err error) {
	err = s.change(ctx, who, id, settings, func(tx *sqldb.Tx, t *Team, g *directory.Group) error {
		kind, activity := UnarchiveTeam, "Unarchive team"
		if archived {
			kind, activity = ArchiveTeam, "Archive team"
		}
		t.IsArchived = archived
		if err := s.lead(ctx, tx, t, g, nil); err != nil {
			return err
		}
		if err := putTeam(ctx, tx, t); err != nil {
			return err
		}
		if operation, err = addOperation(ctx, tx, t, kind); err != nil {
			return err
		}
		return record(ctx, tx, who, activity, t, nil)
	})
	return operation, err
}

// AddMember puts a person into a team.
// https://learn.microsoft.com/graph/api/team-post-members?view=graph-rest-1.0
func (s *Service) AddMember(ctx context.Context, who authz.Caller, team ids.ObjectID, seat Seat) (m *Member, err error) {
	err = s.change(ctx, who, team, people, func(tx *sqldb.Tx, _ *Team, g *directory.Group) error {
		owner, err := owns(seat.Roles)
		if err == nil {
			err = isPerson(ctx, tx, who.Tenant, seat.User)
		}
		if err == nil {
			err = s.seat(ctx, tx, who, g, seat.User, owner)
		}
		if err == nil {
			m, err = GetMember(ctx, tx, who.Tenant, team, memberID(team, seat.User))
		}
		return err
	})
	return m, err
}

// seat adds what a seat has; adding someone again without a role takes none.
func (s *Service) seat(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *directory.Group, person ids.ObjectID, owner bool) error {
	if !owner {
		var err error
		if owner, err = object.Owns(ctx, tx, g.Tenant, g.ID, person); err != nil {
			return err
		}
	}
	return s.groups.Seat(ctx, tx, who, g, person, owner)
}

// UpdateMember changes a person's roles in a team.
func (s *Service) UpdateMember(ctx context.Context, who authz.Caller, team ids.ObjectID, id string, roles []string) error {
	return s.change(ctx, who, team, people, func(tx *sqldb.Tx, _ *Team, g *directory.Group) error {
		m, err := GetMember(ctx, tx, who.Tenant, team, id)
		if err != nil {
			return err
		}
		owner, err := owns(roles)
		if err != nil {
			return err
		}
		return s.groups.Seat(ctx, tx, who, g, m.UserID, owner)
	})
}

// RemoveMember takes a person out of a team.
func (s *Service) RemoveMember(ctx context.Context, who authz.Caller, team ids.ObjectID, id string) error {
	return s.change(ctx, who, team, people, func(tx *sqldb.Tx, _ *Team, g *directory.Group) error {
		m, err := GetMember(ctx, tx, who.Tenant, team, id)
		if err != nil {
			return err
		}
		return s.groups.Unseat(ctx, tx, who, g, m.UserID)
	})
}

// ExistsUser refuses whoever is no user of the tenant.
func ExistsUser(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
	page, err := directory.ListUsers(ctx, tx, tenant, query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: string(id)}}, false)
	if err == nil && len(page.Items) == 0 {
		err = object.Missing(string(id))
	}
	return err
}

func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, t *Team, changed []audit.Change) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "GroupManagement", Activity: activity, Changes: changed,
		Target: audit.Target{Kind: "Group", ID: string(t.ID), Name: t.DisplayName},
	})
}

// OwnTeams returns a page of the teams that the caller, who has an account in the
// tenant, is in.
func (s *Service) OwnTeams(ctx context.Context, who authz.Caller, q query.Query) (page object.Page[*Team], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		v, err := directory.ViewerOf(ctx, tx, who)
		if err != nil {
			return err
		}
		page, err = ListTeams(ctx, tx, who.Tenant, &Joined{Person: who.Object, Viewer: v}, q)
		return err
	})
	return page, err
}
