package site

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// TeamTable tells by what teams can be found and sorted.
var TeamTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":          {SQL: "g.id"},
		"displayName": {SQL: "g.name_folded", Fold: true},
	},
}

const teamsFrom = `
	from   team t join directory_group g on g.tenant_id = t.tenant_id and g.id = t.group_id and g.deleted_us = 0
	where  t.tenant_id = ?`

const (
	asMember = `exists (select 1 from membership m where m.tenant_id = t.tenant_id and m.group_id = t.group_id
		and m.member_id = ? and (m.ends_us = 0 or m.ends_us > ?))`
	asOwner = `exists (select 1 from object_owner w where w.tenant_id = t.tenant_id and w.object_id = t.group_id and w.owner_id = ?)`
)

// Joined is the teams of one person, as somebody sees them.
type Joined struct {
	Person ids.ObjectID
	Viewer directory.Viewer
}

// ListTeams returns a page of the tenant's teams, or of those that a person has
// joined.
func ListTeams(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of *Joined, q query.Query) (object.Page[*Team], error) {
	from, args := teamsOf(tx, tenant, of)
	return object.List(ctx, tx, q, TeamTable, "g.id, g.face, t.settings, t.archived, t.created_us, t.version", from, args,
		func(scan func(...any) error) (*Team, error) { return scanTeam(tenant, scan) })
}

// CountTeams returns how many there are that pass the filter.
func CountTeams(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of *Joined, filter query.Expr) (int, error) {
	from, args := teamsOf(tx, tenant, of)
	return object.Count(ctx, tx, filter, TeamTable, from, args)
}

func teamsOf(tx *sqldb.Tx, tenant ids.TenantID, of *Joined) (from string, args []any) {
	if of == nil {
		return teamsFrom, []any{tenant}
	}
	sees, more := of.Viewer.Sees(tx, tenant, "g")
	args = append(append([]any{tenant, of.Person, sqldb.Micros(tx.Now())}, more...), of.Person)
	return teamsFrom + " and (" + asMember + sees + " or " + asOwner + ")", args
}

func scanTeam(tenant ids.TenantID, scan func(...any) error) (*Team, error) {
	t := &Team{}
	g := &directory.Group{Tenant: tenant}
	var face, settings string
	var created int64
	if err := scan(&g.ID, &face, &settings, &t.IsArchived, &created, &t.version); err != nil {
		return nil, err
	}
	if err := errors.Join(json.Unmarshal([]byte(face), &g.GroupFace), json.Unmarshal([]byte(settings), &t.Settings)); err != nil {
		return nil, err
	}
	at := sqldb.Time(created)
	t.CreatedDateTime = &at
	t.follow(g)
	return t, nil
}

// GetTeam returns a team whose group lives, or NotFound.
func GetTeam(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (*Team, error) {
	page, err := ListTeams(ctx, tx, tenant, nil, query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: string(id)}})
	if err == nil && len(page.Items) == 0 {
		err = object.Missing(string(id))
	}
	if err != nil {
		return nil, err
	}
	return page.Items[0], nil
}

func addTeam(ctx context.Context, tx *sqldb.Tx, t *Team) error {
	settings, err := json.Marshal(t.Settings)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		insert into team (tenant_id, group_id, settings, archived, created_us, version) values (?, ?, ?, 0, ?, 1)
		on conflict (tenant_id, group_id) do nothing`,
		t.TenantID, t.ID, string(settings), sqldb.Micros(*t.CreatedDateTime))
	if err == nil && n == 0 {
		err = fault.Because(fault.Conflict, TeamExists, "Team already exists: the group %s has a team.", t.ID)
	}
	return err
}

func putTeam(ctx context.Context, tx *sqldb.Tx, t *Team) error {
	settings, err := json.Marshal(t.Settings)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		update team set settings = ?, archived = ?, version = version + 1 where tenant_id = ? and group_id = ? and version = ?`,
		string(settings), t.IsArchived, t.TenantID, t.ID, t.version)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "Someone else has just changed this team.")
	}
	return err
}

const membersFrom = `
	from   account u
	where  u.tenant_id = ? and u.deleted_us = 0 and (
	       exists (select 1 from membership m where m.tenant_id = u.tenant_id and m.group_id = ?
	               and m.member_id = u.id and (m.ends_us = 0 or m.ends_us > ?))
	       or exists (select 1 from object_owner w where w.tenant_id = u.tenant_id and w.object_id = ? and w.owner_id = u.id))`

// memberTable tells by what members of a team can be found.
var memberTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":          {SQL: "u.id"},
		"userId":      {SQL: "u.id"},
		"displayName": {SQL: "u.name_folded", Fold: true},
		"email":       {SQL: "u.mail_folded", Fold: true, Null: ""},
	},
}

// ListMembers returns a page of the people in a team.
func ListMembers(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, team ids.ObjectID, q query.Query) (object.Page[*Member], error) {
	args := []any{team, tenant, team, sqldb.Micros(tx.Now()), team}
	return object.List(ctx, tx, q, memberTable, `u.id, u.face, u.rest, u.home_tenant, (select count(*) from object_owner o
		where o.tenant_id = u.tenant_id and o.object_id = ? and o.owner_id = u.id)`, membersFrom, args,
		func(scan func(...any) error) (*Member, error) {
			m := &Member{TenantID: tenant}
			var face, rest string
			var owner int
			var home ids.TenantID
			if err := scan(&m.UserID, &face, &rest, &home, &owner); err != nil {
				return nil, err
			}
			var shown struct {
				DisplayName string
				Mail        *string
				UserType    *string
			}
			if err := errors.Join(json.Unmarshal([]byte(rest), &shown), json.Unmarshal([]byte(face), &shown)); err != nil {
				return nil, err
			}
			m.ID, m.DisplayName, m.Email, m.Roles = memberID(team, m.UserID), shown.DisplayName, shown.Mail, []string{}
			switch {
			case owner > 0:
				m.Roles = []string{Owner}
			case shown.UserType != nil && *shown.UserType == directory.Guest:
				m.Roles = []string{"guest"}
			}
			if home != "" {
				m.TenantID = home
			}
			return m, nil
		})
}

// CountMembers returns how many people are in a team.
func CountMembers(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, team ids.ObjectID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, memberTable, membersFrom, []any{tenant, team, sqldb.Micros(tx.Now()), team})
}

// GetMember returns one person of a team, or NotFound.
func GetMember(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, team ids.ObjectID, id string) (*Member, error) {
	of, user, ok := splitPair(id)
	if !ok || ids.ObjectID(of) != team {
		return nil, object.Missing(id)
	}
	page, err := ListMembers(ctx, tx, tenant, team, query.Query{Filter: query.Compare{Field: "userId", Op: query.Eq, Value: user}})
	if err == nil && len(page.Items) == 0 {
		err = object.Missing(id)
	}
	if err != nil {
		return nil, err
	}
	return page.Items[0], nil
}

func addOperation(ctx context.Context, tx *sqldb.Tx, t *Team, kind string) (string, error) {
	id := string(ids.New[ids.ObjectID]())
	_, err := tx.Exec(ctx, `insert into team_operation (tenant_id, id, team_id, kind, created_us) values (?, ?, ?, ?, ?)`,
		t.TenantID, id, t.ID, kind, sqldb.Micros(tx.Now()))
	return id, err
}

// Operations returns what was last done to a team, the latest first, or the one
// operation of that identifier.
func Operations(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, team ids.ObjectID, id string) ([]*Operation, error) {
	if _, err := GetTeam(ctx, tx, tenant, team); err != nil {
		return nil, err
	}
	return sqldb.All(ctx, tx, `
		select id, kind, created_us from team_operation
		where  tenant_id = ? and team_id = ? and (? = '' or id = ?) order by created_us desc, id limit 100`,
		[]any{tenant, team, id, id}, func(scan func(...any) error) (*Operation, error) {
			o := &Operation{Status: "succeeded", Attempts: 1, Target: team, Location: "/teams('" + string(team) + "')"}
			var created int64
			err := scan(&o.ID, &o.Kind, &created)
			o.Created = sqldb.Time(created).Truncate(time.Microsecond)
			o.Last = o.Created
			return o, err
		})
}
