package directory

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// absent stands for a time that is not there: before all times.
const absent int64 = -9_000_000_000_000_000_000

// UserTable tells by what users can be found and sorted.
var UserTable = query.Table{Key: []string{"id"}, Fields: userFields()}

func userFields() map[string]query.Column {
	folded := func(column string) query.Column { return query.Column{SQL: "u." + column, Fold: true, Null: ""} }
	at := func(column string, null int64) query.Column {
		return query.Column{SQL: "u." + column, Kind: query.Time, Null: null}
	}
	fields := map[string]query.Column{
		"id":                              {SQL: "u.id"},
		"userPrincipalName":               {SQL: "u.upn_folded", Fold: true},
		"displayName":                     {SQL: "u.name_folded", Fold: true, Words: object.NameWords("u.id")},
		"mail":                            folded("mail_folded"),
		"mailNickname":                    folded("nick_folded"),
		"givenName":                       folded("given_folded"),
		"surname":                         folded("surname_folded"),
		"jobTitle":                        folded("title_folded"),
		"department":                      folded("dept_folded"),
		"employeeId":                      folded("employee_id"),
		"city":                            folded("city_folded"),
		"companyName":                     folded("company_folded"),
		"country":                         folded("country_folded"),
		"state":                           folded("state_folded"),
		"streetAddress":                   folded("street_folded"),
		"postalCode":                      folded("postal_folded"),
		"mobilePhone":                     folded("mobile_folded"),
		"faxNumber":                       folded("fax_folded"),
		"officeLocation":                  folded("office_folded"),
		"preferredLanguage":               folded("language_folded"),
		"usageLocation":                   folded("location_folded"),
		"employeeType":                    folded("employed_as_folded"),
		"employeeOrgData/costCenter":      folded("center_folded"),
		"employeeOrgData/division":        folded("division_folded"),
		"onPremisesImmutableId":           folded("immutable_folded"),
		"passwordPolicies":                folded("policies_folded"),
		"securityIdentifier":              folded("sid_folded"),
		"userType":                        {SQL: "u.user_type", Among: []string{"Member", "Guest"}},
		"ageGroup":                        folded("age_group"),
		"consentProvidedForMinor":         folded("minor_consent"),
		"creationType":                    {SQL: "u.creation_type", Null: "", Among: []string{"Invitation", "LocalAccount", "EmailVerified", "SelfServiceSignUp"}},
		"externalUserState":               {SQL: "u.external_state", Null: "", Among: []string{"PendingAcceptance", "Accepted"}},
		"externalUserStateChangeDateTime": at("external_state_us", 0),
		"employeeHireDate":                at("hired_us", absent),
		"employeeLeaveDateTime":           at("leaves_us", absent),
		"createdDateTime":                 {SQL: "u.created_us", Kind: query.Time},
		"deletedDateTime":                 object.DeletedColumn("u.deleted_us"),
		"accountEnabled":                  {SQL: "u.enabled", Kind: query.Bool},
		"showInAddressList":               {SQL: "u.listed", Kind: query.Bool, Null: int64(-1)},

		// What a directory on premises would set is never there.
		"onPremisesSamAccountName":     {SQL: "cast('' as text)", Fold: true, Null: ""},
		"onPremisesUserPrincipalName":  {SQL: "cast('' as text)", Fold: true, Null: ""},
		"onPremisesSecurityIdentifier": {SQL: "cast('' as text)", Fold: true, Null: ""},
		"onPremisesLastSyncDateTime":   {SQL: "cast(0 as bigint)", Kind: query.Time, Null: int64(0)},
		"onPremisesSyncEnabled":        {SQL: "cast(-1 as bigint)", Kind: query.Bool, Null: int64(-1)},
		"assignedLicenses":             {Items: userItems("assignedLicenses", "skuId")},
		"assignedPlans":                {Items: userItems("assignedPlans", "service", "capabilityStatus", "servicePlanId")},
		"identities": {Items: &query.Items{
			From: "user_identity i", On: "i.tenant_id = u.tenant_id and i.user_id = u.id",
			Fields: map[string]query.Column{
				"signInType":       {SQL: "i.kind", Fold: true, Null: ""},
				"issuer":           {SQL: "i.issuer", Fold: true, Null: ""},
				"issuerAssignedId": {SQL: "i.assigned", Fold: true, Null: ""},
			},
		}},
	}
	for _, kind := range []string{"businessPhones", "imAddresses", "otherMails", "proxyAddresses"} {
		fields[kind] = query.Column{Items: userItems(kind, "")}
	}
	for _, name := range extensionAttributes {
		fields["onPremisesExtensionAttributes/"+name] = query.Column{Fold: true, Null: "", SQL: "coalesce((select x.folded from user_text x " +
			"where x.tenant_id = u.tenant_id and x.user_id = u.id and x.kind = '" + name + "'), '')"}
	}
	return fields
}

// userItems are the elements of a collection that user_text keeps. Nothing
// assigns licenses yet; the collections of that are empty.
func userItems(kind string, names ...string) *query.Items {
	items := &query.Items{
		From: "user_text x", On: "x.tenant_id = u.tenant_id and x.user_id = u.id and x.kind = '" + kind + "'",
		Fields: make(map[string]query.Column),
	}
	for _, name := range names {
		items.Fields[name] = query.Column{SQL: "x.folded", Fold: true}
	}
	return items
}

// A Row is a user as it is stored: what Graph shows by default, and the rest,
// as JSON objects.
type Row struct {
	ID   ids.ObjectID
	Face []byte
	Rest []byte // nil unless asked for
}

const usersFrom = "from account u where u.tenant_id = ? and u.deleted_us = 0"

// ListUsers returns a page of the tenant's users as they are stored. The rest
// is read only if withRest, because most readers do not want it.
func ListUsers(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query, withRest bool) (object.Page[Row], error) {
	columns := "u.id, u.face"
	if withRest {
		columns += ", u.rest"
	}
	return object.List(ctx, tx, q, UserTable, columns, usersFrom, []any{tenant},
		func(scan func(...any) error) (Row, error) {
			var r Row
			dest := []any{&r.ID, &r.Face}
			if withRest {
				dest = append(dest, &r.Rest)
			}
			return r, scan(dest...)
		})
}

// CountUsers returns how many of the tenant's users pass the filter.
func CountUsers(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, UserTable, usersFrom, []any{tenant})
}

// GetUser returns a live user by identifier or user principal name, in any
// case, or NotFound.
func GetUser(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, key string) (*User, error) {
	where, arg := "u.upn_folded = ?", query.Fold(key)
	if ids.Valid(key) {
		where, arg = "u.id = ?", strings.ToLower(key)
	}
	return oneUser(ctx, tx, tenant, key, usersFrom+" and "+where, tenant, arg)
}

// oneUser returns the user that a statement from its from clause on finds.
func oneUser(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, key, from string, args ...any) (*User, error) {
	u, err := scanUser(tenant, func(dest ...any) error { return tx.One(ctx, "select "+userColumns+" "+from, args, dest...) })
	if errors.Is(err, fault.NotFound) {
		return nil, object.Missing(key)
	}
	return u, err
}

const userColumns = "u.face, u.rest, u.created_us, u.home_tenant, u.home_object, u.sessions_from_us, u.switched_us, u.manager_id, u.version"

func scanUser(tenant ids.TenantID, scan func(...any) error) (*User, error) {
	u := &User{Tenant: tenant}
	var face, rest string
	var created, sessions, switched int64
	var homeTenant ids.TenantID
	var homeObject ids.ObjectID
	if err := scan(&face, &rest, &created, &homeTenant, &homeObject, &sessions, &switched, &u.Manager, &u.version); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(face), &u.Face); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(rest), &u.Rest); err != nil {
		return nil, err
	}
	u.CreatedAt, u.SessionsFrom, u.SwitchedAt = sqldb.Time(created), sqldb.Time(sessions), sqldb.Time(switched)
	if homeTenant != "" {
		u.Home = ids.Principal{Kind: ids.Person, Home: homeTenant, ID: homeObject}
	}
	object.Fill(u)
	return u, nil
}

// UsersAfter returns up to limit users of the tenant, in the order of their
// identifiers, behind one.
func UsersAfter(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, after ids.ObjectID, limit int) ([]*User, error) {
	return sqldb.All(ctx, tx, "select "+userColumns+" "+usersFrom+" and u.id > ? order by u.id limit ?", []any{tenant, after, limit},
		func(scan func(...any) error) (*User, error) { return scanUser(tenant, scan) })
}

func addUser(ctx context.Context, tx *sqldb.Tx, u *User, by ids.ObjectID) error {
	if err := object.Add(ctx, tx, object.Object{
		Tenant: u.Tenant, ID: u.ID, Kind: object.User, DisplayName: u.DisplayName, CreatedAt: u.CreatedAt,
	}, by); err != nil {
		return err
	}
	if err := takeNames(ctx, tx, u); err != nil {
		return err
	}
	face, rest, err := u.render()
	if err != nil {
		return err
	}
	if _, err = tx.Exec(ctx, `
		insert into account (tenant_id, id, upn, upn_folded, name_folded, mail_folded, nick_folded, given_folded, surname_folded,
		                     title_folded, dept_folded, employee_id, user_type, creation_type, external_state, external_state_us,
		                     enabled, age_group, minor_consent, city_folded, company_folded, country_folded, state_folded,
		                     street_folded, postal_folded, mobile_folded, fax_folded, office_folded, language_folded,
		                     location_folded, employed_as_folded, center_folded, division_folded, immutable_folded,
		                     policies_folded, sid_folded, hired_us, leaves_us, listed, manager_id,
		                     created_us, home_tenant, home_object, face, rest, version)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
		        ?, ?, ?, ?, ?, 1)`,
		append(append([]any{u.Tenant, u.ID}, u.columns()...), sqldb.Micros(u.CreatedAt), u.Home.Home, u.Home.ID, face, rest)...); err != nil {
		return err
	}
	if err := addUserItems(ctx, tx, u); err != nil {
		return err
	}
	return signal(ctx, tx, UserChanged, u.Tenant, u.ID)
}

// putUser stores a changed user; a Conflict if someone else stored it since.
func putUser(ctx context.Context, tx *sqldb.Tx, u *User) error {
	if err := takeNames(ctx, tx, u); err != nil {
		return err
	}
	face, rest, err := u.render()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		update account
		set    upn = ?, upn_folded = ?, name_folded = ?, mail_folded = ?, nick_folded = ?, given_folded = ?, surname_folded = ?,
		       title_folded = ?, dept_folded = ?, employee_id = ?, user_type = ?, creation_type = ?, external_state = ?,
		       external_state_us = ?, enabled = ?, age_group = ?, minor_consent = ?, city_folded = ?, company_folded = ?,
		       country_folded = ?, state_folded = ?, street_folded = ?, postal_folded = ?, mobile_folded = ?, fax_folded = ?,
		       office_folded = ?, language_folded = ?, location_folded = ?, employed_as_folded = ?, center_folded = ?,
		       division_folded = ?, immutable_folded = ?, policies_folded = ?, sid_folded = ?, hired_us = ?, leaves_us = ?, listed = ?,
		       manager_id = ?, home_tenant = ?, home_object = ?, sessions_from_us = ?, switched_us = ?, face = ?, rest = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ? and deleted_us = 0`,
		append(u.columns(), u.Home.Home, u.Home.ID, sqldb.Micros(u.SessionsFrom), sqldb.Micros(u.SwitchedAt), face, rest, u.Tenant, u.ID, u.version)...)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this user.")
	}
	u.version++
	if err := dropUserItems(ctx, tx, u.Tenant, u.ID); err != nil {
		return err
	}
	if err := addUserItems(ctx, tx, u); err != nil {
		return err
	}
	if err := signal(ctx, tx, UserChanged, u.Tenant, u.ID); err != nil {
		return err
	}
	return object.Rename(ctx, tx, u.Tenant, u.ID, object.User, u.DisplayName)
}

// addUserItems stores the rows by which collections are filtered.
func addUserItems(ctx context.Context, tx *sqldb.Tx, u *User) error {
	var rows [][]any
	add := func(kind, value string) { rows = append(rows, []any{u.Tenant, u.ID, kind, query.Fold(value)}) }
	for kind, list := range map[string][]string{
		"businessPhones": u.BusinessPhones, "imAddresses": u.IMAddresses, "otherMails": u.OtherMails, "proxyAddresses": u.ProxyAddresses,
	} {
		for _, s := range list {
			add(kind, s)
		}
	}
	for name, value := range u.OnPremisesAttributes {
		if value != nil {
			add(name, *value)
		}
	}
	if _, err := tx.ExecAll(ctx, `
		insert into user_text (tenant_id, user_id, kind, folded) values (?, ?, ?, ?)
		on conflict (tenant_id, user_id, kind, folded) do nothing`, rows); err != nil {
		return err
	}
	rows = nil
	for n, i := range u.Identities {
		rows = append(rows, []any{u.Tenant, u.ID, n, query.Fold(i.SignInType), query.Fold(i.Issuer), query.Fold(text(i.IssuerAssignedID))})
	}
	_, err := tx.ExecAll(ctx, `insert into user_identity (tenant_id, user_id, place, kind, issuer, assigned) values (?, ?, ?, ?, ?, ?)`, rows)
	return err
}

// dropUserItems removes what addUserItems stored.
func dropUserItems(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
	if _, err := tx.Exec(ctx, `delete from user_text where tenant_id = ? and user_id = ?`, tenant, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from user_identity where tenant_id = ? and user_id = ?`, tenant, id)
	return err
}

// takeNames reserves what is the user's alone: the user principal name, the
// mail addresses, and the names at issuers.
func takeNames(ctx context.Context, tx *sqldb.Tx, u *User) error {
	if err := releaseNames(ctx, tx, u); err != nil {
		return err
	}
	for _, n := range u.names() {
		if err := object.TakeName(ctx, tx, u.Tenant, n.space, n.folded, u.ID, n.property); err != nil {
			return err
		}
	}
	return nil
}

func releaseNames(ctx context.Context, tx *sqldb.Tx, u *User) error {
	for _, space := range []string{object.SpaceUPN, object.SpaceAddress, object.SpaceIdentity} {
		if err := object.ReleaseNames(ctx, tx, u.Tenant, space, u.ID); err != nil {
			return err
		}
	}
	return nil
}

// A taken name is one that no other object may have.
type takenName struct{ space, folded, property string }

// names returns what is the user's alone.
func (u *User) names() []takenName {
	list := []takenName{{object.SpaceUPN, query.Fold(u.UserPrincipalName), "userPrincipalName"}}
	for _, a := range u.ProxyAddresses {
		list = append(list, takenName{object.SpaceAddress, query.Fold(bareAddress(a)), "proxyAddresses"})
	}
	for _, i := range u.Identities {
		if name := text(i.IssuerAssignedID); name != "" {
			list = append(list, takenName{object.SpaceIdentity, query.Fold(i.Issuer + " " + name), "identities"})
		}
	}
	return list
}

// columns returns the values of the columns from upn to manager_id, in order.
func (u *User) columns() []any {
	fold := func(s *string) string { return query.Fold(text(s)) }
	at := func(t *time.Time, null int64) int64 {
		if t == nil {
			return null
		}
		return t.UnixMicro()
	}
	listed := int64(-1)
	if u.ShowInAddressList != nil {
		listed = map[bool]int64{true: 1}[*u.ShowInAddressList]
	}
	var org EmployeeOrgData
	if u.EmployeeOrgData != nil {
		org = *u.EmployeeOrgData
	}
	return []any{
		u.UserPrincipalName, query.Fold(u.UserPrincipalName), query.Fold(u.DisplayName), fold(u.Mail), fold(u.MailNickname),
		fold(u.GivenName), fold(u.Surname), fold(u.JobTitle), fold(u.Department), fold(u.EmployeeID), text(u.UserType),
		text(u.CreationType), text(u.ExternalUserState), at(u.ExternalUserStateChange, 0), u.Enabled(), fold(u.AgeGroup),
		fold(u.ConsentForMinor), fold(u.City), fold(u.CompanyName), fold(u.Country), fold(u.State), fold(u.StreetAddress),
		fold(u.PostalCode), fold(u.MobilePhone), fold(u.FaxNumber), fold(u.OfficeLocation), fold(u.PreferredLanguage),
		fold(u.UsageLocation), fold(u.EmployeeType), fold(org.CostCenter), fold(org.Division), fold(u.OnPremisesImmutableID),
		fold(u.PasswordPolicies), query.Fold(u.SecurityIdentifier), at(u.EmployeeHireDate, absent), at(u.EmployeeLeaveDateTime, absent),
		listed, u.Manager,
	}
}

// maxRendered bounds what is stored of a user, in bytes: a page has up to 999.
const maxRendered = 64 << 10

func (u *User) render() (face, rest string, err error) {
	face, rest, err = u.renderAny()
	if len(face)+len(rest) > maxRendered {
		err = fault.New(fault.Invalid, "The properties of a user have at most %d bytes together.", maxRendered)
	}
	return face, rest, err
}

// renderAny is render without the bound, for who did not set the properties.
func (u *User) renderAny() (face, rest string, err error) {
	f, err := json.Marshal(u.Face)
	if err != nil {
		return "", "", err
	}
	r, err := json.Marshal(u.Rest)
	return string(f), string(r), err
}

// dropUser marks a user as deleted, gives up the names and voids the sessions.
// What belongs to the user stays for a return, and counts for nothing until then.
func dropUser(ctx context.Context, tx *sqldb.Tx, u *User) error {
	if err := releaseNames(ctx, tx, u); err != nil {
		return err
	}
	at := object.DeletionTime(tx.Now())
	u.bury(at)
	face, rest, err := u.renderAny()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		update account
		set    upn = ?, upn_folded = ?, face = ?, rest = ?, deleted_us = ?, sessions_from_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and deleted_us = 0`,
		u.UserPrincipalName, query.Fold(u.UserPrincipalName), face, rest, sqldb.Micros(at), sqldb.Micros(tx.Now()), u.Tenant, u.ID); err != nil {
		return err
	}
	return object.MarkDeleted(ctx, tx, u.Tenant, u.ID, object.User)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
