package token

import (
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
)

// A Method is how a client proved itself, as the claims appidacr and azpacr
// tell it.
type Method string

// The methods. A managed identity and a federated client count as Assertion.
const (
	Public    Method = "0"
	Secret    Method = "1"
	Assertion Method = "2"
)

// directoryReader is the role template that Graph's app-only tokens carry in
// wids whatever the application may do.
const directoryReader = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"

// A Resource is the API that a token is for.
type Resource struct {
	App      ids.AppID
	Audience string // as it was asked for; version 1 tokens repeat it
	Version  int    // of its tokens; 2, or else 1
	BuiltIn  bool   // one of the installation's own: its tokens say idtyp
	Graph    bool
}

// An Access is an application's access to a resource, on its own or for a
// person: everything that a token says.
type Access struct {
	Tenant    ids.TenantID
	Since     time.Time // when the tenant was made
	Resource  Resource
	Client    ids.AppID
	Name      string
	Principal ids.ObjectID // of the client, in Tenant; may be empty with a Person
	Method    Method
	Roles     []string // the application's on the resource, or the person's
	Person    *Person  // nil for an application on its own
	Identity  string   // a managed identity's resource identifier, lower-case resourcegroups
	Extra     Extra    // what the resource asks for besides
	Lifetime  time.Duration
}

// Claims are the claims of an access token. Members that a token does not have
// are empty, and left out.
type Claims struct {
	Audience  string    `json:"aud"`
	Issuer    string    `json:"iss"`
	IssuedAt  jose.Date `json:"iat"`
	NotBefore jose.Date `json:"nbf"`
	Expiry    jose.Date `json:"exp"`
	AIO       string    `json:"aio,omitempty"`

	AppName   string    `json:"app_displayname,omitempty"`
	AppID     ids.AppID `json:"appid,omitempty"`
	AppIDACR  Method    `json:"appidacr,omitempty"`
	Party     ids.AppID `json:"azp,omitempty"`
	PartyACR  Method    `json:"azpacr,omitempty"`
	TokenKind string    `json:"idtyp,omitempty"`

	About

	Object   ids.ObjectID `json:"oid,omitempty"`
	RH       string       `json:"rh,omitempty"`
	Roles    []string     `json:"roles,omitempty"`
	Scopes   string       `json:"scp,omitempty"`
	Subject  string       `json:"sub"`
	Tenant   ids.TenantID `json:"tid"`
	ID       string       `json:"uti,omitempty"`
	Version  string       `json:"ver"`
	Capable  []string     `json:"xms_cc,omitempty"`      // what the client can answer
	AuthUS   int64        `json:"xms_auth_us,omitempty"` // when the person signed in, in microseconds of the store's clock
	Identity string       `json:"xms_mirid,omitempty"`
	Since    int64        `json:"xms_tcdt,omitempty"`
}

// Client returns the application that the token was given to.
func (c *Claims) Client() ids.AppID {
	if c.AppID != "" {
		return c.AppID
	}
	return c.Party
}

// AppOnly reports whether the token speaks for an application and no person.
func (c *Claims) AppOnly() bool {
	return c.Scopes == "" && c.Object != "" && c.Subject == string(c.Object)
}

// claims returns what a token for a says. id is its uti; opaque is text that
// means nothing to anybody.
func (a Access) claims(v1, v2, id, opaque string, now time.Time) Claims {
	c := Claims{
		IssuedAt:  jose.Date{Time: now.Add(-backdate)},
		NotBefore: jose.Date{Time: now.Add(-backdate)},
		Expiry:    jose.Date{Time: now.Add(a.Lifetime)},
		AIO:       opaque,
		Object:    a.Principal, Subject: string(a.Principal),
		RH:    "1." + opaque,
		Roles: a.Roles, Tenant: a.Tenant, ID: id, Identity: a.Identity,
	}
	if a.Resource.BuiltIn || a.Extra.asks("idtyp", "") {
		c.TokenKind = "app"
	}
	if a.Extra.Capable && a.Extra.asks("xms_cc", "") {
		c.Capable = []string{"cp1"}
	}
	if a.Resource.Version == 2 {
		c.Version, c.Issuer, c.Audience = "2.0", v2, string(a.Resource.App)
		c.Party, c.PartyACR = a.Client, a.Method
		if a.Person != nil {
			a.Person.speak(&c, a)
		}
		return c
	}
	c.Version, c.Issuer, c.Audience, c.Provider = "1.0", v1, a.Resource.Audience, v1
	c.AppID, c.AppIDACR, c.AppName = a.Client, a.Method, a.Name
	if a.Extra.asks("aud", "use_guid") {
		c.Audience = string(a.Resource.App)
	}
	if a.Resource.Graph {
		c.WIDs, c.Since = []string{directoryReader}, a.Since.Unix()
	}
	if a.Person != nil {
		a.Person.speak(&c, a)
	}
	return c
}
