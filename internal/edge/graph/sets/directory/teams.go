package directory

import (
	"context"
	"encoding/json"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/site"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What it takes to see and to change teams.
var (
	listTeams = edm.Alike(edm.Any("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All")).Needing("groups/standard/read")
	readTeams = edm.Alike(edm.Any("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All",
		"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")).Needing("groups/standard/read")
	createTeams     = edm.Alike(edm.Any("Team.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All")).Needing("groups.unified/create", "groups.unified/createAsOwner")
	writeTeams      = edm.Alike(edm.Any("TeamSettings.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All")).Needing(onGroups("basic/update")...)
	coverGroups     = edm.Alike(edm.Any("Group.ReadWrite.All", "Directory.ReadWrite.All")).Needing(onGroups("basic/update")...)
	readTeamMembers = edm.Alike(edm.Any("TeamMember.Read.All", "TeamMember.ReadWrite.All",
		"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")).Needing("groups/members/read")
	writeTeamMembers = edm.Alike(edm.Any("TeamMember.ReadWrite.All")).Needing(onGroups("members/update")...)
)

func (s Services) places() *site.Service { return site.NewService(s.DB, s.Users) }

// teams is the entity set /teams.
// https://learn.microsoft.com/graph/api/resources/team?view=graph-rest-1.0
func (s Services) teams() *edm.Set {
	return &edm.Set{
		Path: edm.Both("teams"), Type: edm.Of("team"),
		Doc:    "https://learn.microsoft.com/graph/api/resources/team?view=graph-rest-1.0",
		List:   edm.List{May: listTeams, Do: s.listTeams},
		Get:    edm.Get{May: readTeams, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) { return s.getTeam(ctx, r, r.ID) }},
		Create: edm.Create{May: createTeams, Do: s.createTeam},
		Update: edm.Change{May: writeTeams, Do: func(ctx context.Context, r *edm.Request) error {
			return s.places().Update(ctx, r.Who, ids.ObjectID(r.ID), r.Body)
		}},
		Parts:   []*edm.Set{s.teamMembers(), s.teamOperations()},
		Actions: []edm.Action{s.archive("archive", true), s.archive("unarchive", false)},
	}
}

// groupTeam is the part team of a group.
// https://learn.microsoft.com/graph/api/team-put-teams?view=graph-rest-1.0
func (s Services) groupTeam() *edm.Set {
	return &edm.Set{
		Path: edm.Both("team"), Type: edm.Of("team"), Single: true,
		Doc: "https://learn.microsoft.com/graph/api/team-put-teams?view=graph-rest-1.0",
		Get: edm.Get{May: readTeams, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) { return s.getTeam(ctx, r, r.Parent()) }},
		Put: edm.Create{May: coverGroups, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			t, err := s.places().PutTeam(ctx, r.Who, ids.ObjectID(r.Parent()), r.Body)
			if err != nil {
				return edm.Item{}, err
			}
			return item(string(t.ID), t)
		}},
	}
}

// joinedTeams is the part joinedTeams of a user.
// https://learn.microsoft.com/graph/api/user-list-joinedteams?view=graph-rest-1.0
func (s Services) joinedTeams() *edm.Set {
	may := edm.Access{
		App: edm.Any("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All"),
		Delegated: edm.Any("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All",
			"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
	}.Needing("users/memberOf/read")
	return &edm.Set{
		Path: edm.Both("joinedTeams"), Type: edm.Of("team"),
		Doc: "https://learn.microsoft.com/graph/api/user-list-joinedteams?view=graph-rest-1.0",
		List: edm.List{May: may, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Page, error) {
				of := ids.ObjectID(r.Parent())
				if err := site.ExistsUser(ctx, tx, r.Who.Tenant, of); err != nil {
					return edm.Page{}, err
				}
				v, err := directory.ViewerOf(ctx, tx, r.Who)
				if err != nil {
					return edm.Page{}, err
				}
				return teamPage(ctx, tx, r, &site.Joined{Person: of, Viewer: v})
			})
		}},
	}
}

func (s Services) listTeams(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Page, error) { return teamPage(ctx, tx, r, nil) })
}

func teamPage(ctx context.Context, tx *sqldb.Tx, r *edm.Request, of *site.Joined) (page edm.Page, err error) {
	if r.Count {
		if page.Total, err = site.CountTeams(ctx, tx, r.Who.Tenant, of, r.Query.Filter); err != nil || r.Only {
			return page, err
		}
	}
	list, err := site.ListTeams(ctx, tx, r.Who.Tenant, of, r.Query)
	if err != nil {
		return page, err
	}
	page.Next = list.Next
	page.Items, err = shown(list.Items, func(t *site.Team) string { return string(t.ID) }, "")
	return page, err
}

// shown renders values whose JSON is Graph's.
func shown[T any](list []T, id func(T) string, of edm.Type) ([]edm.Item, error) {
	out := make([]edm.Item, len(list))
	for i, v := range list {
		it, err := item(id(v), v)
		if err != nil {
			return nil, err
		}
		it.Type = of
		out[i] = it
	}
	return out, nil
}

func (s Services) getTeam(ctx context.Context, r *edm.Request, id string) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		t, err := site.GetTeam(ctx, tx, r.Who.Tenant, ids.ObjectID(id))
		if err != nil {
			return edm.Item{}, err
		}
		return item(string(t.ID), t)
	})
}

// A newMember is who is to be in a team.
type newMember struct {
	Roles []string `json:"roles"`
	User  string   `json:"user@odata.bind"`
}

func (m newMember) seat() (site.Seat, error) {
	id, err := edm.ParseReference(m.User)
	return site.Seat{User: ids.ObjectID(id), Roles: m.Roles}, err
}

// mostSeats is how many members a new team may come with.
const mostSeats = 20

func (s Services) createTeam(ctx context.Context, r *edm.Request) (edm.Item, error) {
	var said map[string]json.RawMessage
	if err := json.Unmarshal(r.Body, &said); err != nil {
		return edm.Item{}, err
	}
	var ask struct {
		Template string      `json:"template@odata.bind"`
		Group    string      `json:"group@odata.bind"`
		Members  []newMember `json:"members"`
	}
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return edm.Item{}, err
	}
	for _, name := range []string{"template@odata.bind", "group@odata.bind", "members"} {
		delete(said, name)
	}
	body, err := json.Marshal(said)
	if err != nil {
		return edm.Item{}, err
	}
	var group ids.ObjectID
	if ask.Group != "" {
		id, err := edm.ParseReference(ask.Group)
		if err != nil {
			return edm.Item{}, err
		}
		group = ids.ObjectID(id)
	}
	if len(ask.Members) > mostSeats {
		return edm.Item{}, fault.InvalidAt("members", "A new team has at most %d members.", mostSeats)
	}
	var seats []site.Seat
	for _, m := range ask.Members {
		seat, err := m.seat()
		if err != nil {
			return edm.Item{}, err
		}
		seats = append(seats, seat)
	}
	t, op, err := s.places().Create(ctx, r.Who, ask.Template, group, body, seats)
	if err != nil {
		return edm.Item{}, err
	}
	r.Accept("/teams('"+string(t.ID)+"')/operations('"+op+"')", "/teams('"+string(t.ID)+"')")
	return item(string(t.ID), t)
}

func (s Services) archive(name string, archived bool) edm.Action {
	a := edm.Action{Name: name, May: writeTeams, Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
		op, err := s.places().Archive(ctx, r.Who, ids.ObjectID(r.ID), archived)
		if err == nil {
			r.Accept("/teams('"+r.ID+"')/operations('"+op+"')", "/teams('"+r.ID+"')")
		}
		return nil, err
	}}
	if archived {
		a.Params = []edm.Prop{{Name: "shouldSetSpoSiteReadOnlyForMembers", Type: edm.Boolean, Write: edm.CU}}
	}
	return a
}

// teamMembers is the part members of a team.
// https://learn.microsoft.com/graph/api/team-list-members?view=graph-rest-1.0
func (s Services) teamMembers() *edm.Set {
	of := edm.Of("aadUserConversationMember")
	show := func(m *site.Member, err error) (edm.Item, error) {
		if err != nil {
			return edm.Item{}, err
		}
		it, err := item(m.ID, m)
		it.Type = of
		return it, err
	}
	return &edm.Set{
		Path: edm.Both("members"), Type: edm.Of("conversationMember"), FreeKeys: true,
		Doc: "https://learn.microsoft.com/graph/api/team-list-members?view=graph-rest-1.0",
		List: edm.List{May: readTeamMembers, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
				team := ids.ObjectID(r.Parent())
				if err := openTeam(ctx, tx, r.Who, team); err != nil {
					return page, err
				}
				if r.Count {
					if page.Total, err = site.CountMembers(ctx, tx, r.Who.Tenant, team, r.Query.Filter); err != nil || r.Only {
						return page, err
					}
				}
				list, err := site.ListMembers(ctx, tx, r.Who.Tenant, team, r.Query)
				if err != nil {
					return page, err
				}
				page.Next = list.Next
				page.Items, err = shown(list.Items, func(m *site.Member) string { return m.ID }, of)
				return page, err
			})
		}},
		Get: edm.Get{May: readTeamMembers, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				if err := openTeam(ctx, tx, r.Who, ids.ObjectID(r.Parent())); err != nil {
					return edm.Item{}, err
				}
				return show(site.GetMember(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()), r.ID))
			})
		}},
		Create: edm.Create{May: writeTeamMembers, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			var m newMember
			if err := json.Unmarshal(r.Body, &m); err != nil {
				return edm.Item{}, err
			}
			seat, err := m.seat()
			if err != nil {
				return edm.Item{}, err
			}
			return show(s.places().AddMember(ctx, r.Who, ids.ObjectID(r.Parent()), seat))
		}},
		Update: edm.Change{May: writeTeamMembers, Do: func(ctx context.Context, r *edm.Request) error {
			var m struct {
				Roles *[]string `json:"roles"`
			}
			if err := json.Unmarshal(r.Body, &m); err != nil || m.Roles == nil {
				return err
			}
			return s.places().UpdateMember(ctx, r.Who, ids.ObjectID(r.Parent()), r.ID, *m.Roles)
		}},
		Delete: edm.Change{May: writeTeamMembers, Do: func(ctx context.Context, r *edm.Request) error {
			return s.places().RemoveMember(ctx, r.Who, ids.ObjectID(r.Parent()), r.ID)
		}},
	}
}

// openTeam refuses a team that is not there, and whoever may not see who is in
// its group.
func openTeam(ctx context.Context, tx *sqldb.Tx, who authz.Caller, team ids.ObjectID) error {
	if _, err := site.GetTeam(ctx, tx, who.Tenant, team); err != nil {
		return err
	}
	return directory.MaySeeMembers(ctx, tx, who, team)
}

// teamOperations is the part operations of a team.
// https://learn.microsoft.com/graph/api/teamsasyncoperation-get?view=graph-rest-1.0
func (s Services) teamOperations() *edm.Set {
	of := func(o *site.Operation) string { return o.ID }
	return &edm.Set{
		Path: edm.Both("operations"), Type: edm.Of("teamsAsyncOperation"), Unpaged: true,
		Doc: "https://learn.microsoft.com/graph/api/teamsasyncoperation-get?view=graph-rest-1.0",
		List: edm.List{May: readTeams, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
				list, err := site.Operations(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()), "")
				if err != nil {
					return page, err
				}
				page.Total = len(list)
				page.Items, err = shown(list, of, "")
				return page, err
			})
		}},
		Get: edm.Get{May: readTeams, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				list, err := site.Operations(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()), r.ID)
				if err != nil {
					return edm.Item{}, err
				}
				if len(list) == 0 {
					return edm.Item{}, absent(r.ID)
				}
				return item(of(list[0]), list[0])
			})
		}},
	}
}
