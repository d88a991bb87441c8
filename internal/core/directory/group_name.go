package directory

import (
	"context"
	"unicode/utf8"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// NotValid is the Reason of a fault about names that a group could not have.
const NotValid fault.Reason = "directory.not_valid"

// Names are those that a client wants to give a Microsoft 365 group.
type Names struct {
	DisplayName  *string      `json:"displayName"`
	MailNickname *string      `json:"mailNickname"`
	OnBehalfOf   ids.ObjectID `json:"onBehalfOfUserId"`
}

// ValidateNames refuses names that a Microsoft 365 group could not have, with
// NotValid. group is the one that is to have them, or empty before it exists.
// https://learn.microsoft.com/graph/api/group-validateproperties?view=graph-rest-1.0
func ValidateNames(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, group ids.ObjectID, n Names) error {
	if group != "" {
		if _, err := GetGroup(ctx, tx, tenant, group); err != nil {
			return err
		}
	}
	if n.OnBehalfOf != "" {
		if o, err := object.Get(ctx, tx, tenant, n.OnBehalfOf); err != nil {
			return err
		} else if o.Kind != object.User {
			return object.Missing(string(n.OnBehalfOf))
		}
	}
	if d := n.DisplayName; d != nil && (*d == "" || utf8.RuneCountInString(*d) > groupLimits["displayName"]) {
		return notValid("displayName", "Invalid value specified for property 'displayName' of resource 'Group'.")
	}
	nick := n.MailNickname
	switch {
	case nick == nil:
		return nil
	case *nick == "" || len(*nick) > groupLimits["mailNickname"] || !isNickname(*nick):
		return notValid("mailNickname", "Invalid value specified for property 'mailNickname' of resource 'Group'.")
	}
	var others int
	err := tx.One(ctx, `select count(*) from object_name where tenant_id = ? and space = ? and folded = ? and object_id <> ?`,
		[]any{tenant, spaceNick, query.Fold(*nick), group}, &others)
	if err == nil && others > 0 {
		err = notValid("mailNickname", "Another object with the same value for property mailNickname already exists.")
	}
	return err
}

func notValid(property, text string) error {
	f := fault.Because(fault.Invalid, NotValid, "%s", text)
	f.Target = property
	return f
}

// RenewGroup begins a group's life anew, where groups expire.
// https://learn.microsoft.com/graph/api/group-renew?view=graph-rest-1.0
func (s *Service) RenewGroup(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.changeGroup(ctx, who, id, "basic/update", func(tx *sqldb.Tx, g *Group) error {
		before := *g
		g.renew(tx.Now())
		if err := putGroup(ctx, tx, g); err != nil {
			return err
		}
		return recordGroup(ctx, tx, who, "Renew group", g, audit.Diff(&before, g))
	})
}
