package report

import (
	"context"
	"net"
	"strings"
	"time"

	"entente/internal/core/audit"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// signIns is the part signIns of the logs.
// https://learn.microsoft.com/graph/api/resources/signin?view=graph-rest-beta
func (s Services) signIns() *edm.Set {
	read := edm.Alike(edm.Any("AuditLog.Read.All")).Needing("signInReports/allProperties/read")
	return &edm.Set{
		Path: edm.Both("signIns"), Type: edm.Of("signIn"), Top: most, Usual: most,
		Doc:  "https://learn.microsoft.com/graph/api/resources/signin?view=graph-rest-1.0",
		List: edm.List{May: read, Do: s.listSignIns},
		Get:  edm.Get{May: read, Do: s.getSignIn},
	}
}

// question returns what a list of sign-ins is asked. A list that does not say
// which kinds it wants has the interactive ones; in v1.0, where kinds cannot be
// named, it has all of an application.
func question(r *edm.Request) query.Query {
	q := r.Query
	q.Filter = audit.OneElement(q.Filter)
	usual := !audit.Asks(q.Filter, "signInEventTypes")
	if r.Version == edm.V1 {
		usual = !audit.Asks(q.Filter, "appId", "appDisplayName", "servicePrincipalId")
	}
	q.Filter = audit.OfPrincipals(q.Filter)
	if !usual {
		return q
	}
	only := query.Compare{Field: "signInEventTypes", Op: query.Eq, Value: audit.InteractiveUserSignIn}
	if q.Filter == nil {
		q.Filter = only
	} else {
		q.Filter = query.And{only, q.Filter}
	}
	return q
}

func (s Services) listSignIns(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s, r, "signInReports/allProperties/read", func(tx *sqldb.Tx) (page edm.Page, err error) {
		q, total := question(r), 0
		if r.Count {
			if total, err = audit.CountSignIns(ctx, tx, r.Who.Tenant, q.Filter); err != nil || r.Only {
				return edm.Page{Total: total}, err
			}
		}
		rows, err := audit.ListSignIns(ctx, tx, r.Who.Tenant, q)
		if err != nil {
			return page, err
		}
		page, err = pageOf(rows, signInItem)
		page.Total = total
		return page, err
	})
}

func (s Services) getSignIn(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s, r, "signInReports/allProperties/read", func(tx *sqldb.Tx) (edm.Item, error) {
		e, err := audit.GetSignIn(ctx, tx, r.Who.Tenant, ids.AuditID(r.ID))
		if err != nil {
			return edm.Item{}, missing(r.ID, err)
		}
		return signInItem(e)
	})
}

// A signIn is a sign-in as v1.0 shows it. What this installation does not
// judge or ask (risk, conditional access, devices, places) stands as Graph
// shows it where nothing was found.
type signIn struct {
	ID                     ids.AuditID `json:"id"`
	CreatedDateTime        time.Time   `json:"createdDateTime"`
	UserDisplayName        *string     `json:"userDisplayName"`
	UserPrincipalName      string      `json:"userPrincipalName"`
	UserID                 string      `json:"userId"`
	AppID                  ids.AppID   `json:"appId"`
	AppDisplayName         *string     `json:"appDisplayName"`
	IPAddress              *string     `json:"ipAddress"`
	ClientAppUsed          *string     `json:"clientAppUsed"`
	CorrelationID          *string     `json:"correlationId"`
	IsInteractive          bool        `json:"isInteractive"`
	ResourceDisplayName    *string     `json:"resourceDisplayName"`
	ResourceID             *ids.AppID  `json:"resourceId"`
	ResourceTenantID       string      `json:"resourceTenantId"`
	HomeTenantID           *string     `json:"homeTenantId"`
	ServicePrincipalID     string      `json:"servicePrincipalId"`
	ServicePrincipalName   *string     `json:"servicePrincipalName"`
	UserAgent              *string     `json:"userAgent"`
	Status                 status      `json:"status"`
	ConditionalAccess      string      `json:"conditionalAccessStatus"`
	AppliedPolicies        []struct{}  `json:"appliedConditionalAccessPolicies"`
	AuthenticationApp      *struct{}   `json:"authenticationAppDeviceDetails"`
	DeviceDetail           *struct{}   `json:"deviceDetail"`
	Location               *struct{}   `json:"location"`
	RiskDetail             string      `json:"riskDetail"`
	RiskLevelAggregated    string      `json:"riskLevelAggregated"`
	RiskLevelDuringSignIn  string      `json:"riskLevelDuringSignIn"`
	RiskState              string      `json:"riskState"`
	RiskEventTypes         []struct{}  `json:"riskEventTypes"`
	RiskEventTypesByString []string    `json:"riskEventTypes_v2"`
}

type status struct {
	ErrorCode     int     `json:"errorCode"`
	FailureReason string  `json:"failureReason"`
	Details       *string `json:"additionalDetails"`
}

// A betaSignIn is what beta shows beside it.
type betaSignIn struct {
	SignInEventTypes           []string         `json:"signInEventTypes"`
	ClientCredentialType       string           `json:"clientCredentialType"`
	CredentialKeyID            *string          `json:"servicePrincipalCredentialKeyId"`
	FederatedCredentialID      *string          `json:"federatedCredentialId"`
	CrossTenantAccessType      string           `json:"crossTenantAccessType"`
	ResourceServicePrincipalID *ids.ObjectID    `json:"resourceServicePrincipalId"`
	UniqueTokenIdentifier      *string          `json:"uniqueTokenIdentifier"`
	IncomingTokenType          string           `json:"incomingTokenType"`
	ManagedServiceIdentity     *managedIdentity `json:"managedServiceIdentity"`
	UserType                   *string          `json:"userType"`
}

type managedIdentity struct {
	Type     string  `json:"msiType"`
	Resource *string `json:"associatedResourceId"`
	Token    *string `json:"federatedTokenId"`
	Issuer   *string `json:"federatedTokenIssuer"`
}

// credentialTypes are Graph's words for kinds of credentials.
var credentialTypes = map[string]string{
	"clientSecret": "clientSecret", "clientCertificate": "certificate",
	"federatedIdentityCredential": "federatedIdentityCredential", "managedIdentityHost": "managedIdentity",
}

func signInItem(e audit.SignIn) (edm.Item, error) {
	face := signIn{
		ID: e.ID, CreatedDateTime: e.At, AppID: e.App, AppDisplayName: text(e.AppName), IPAddress: address(e.IP),
		CorrelationID: text(e.Correlation), IsInteractive: e.Kind == audit.InteractiveUserSignIn,
		ResourceDisplayName: text(e.ResourceName), ResourceID: text(e.ResourceApp), ResourceTenantID: string(e.Tenant),
		HomeTenantID: text(string(e.Home)), UserAgent: text(e.UserAgent), Status: statusOf(e), ConditionalAccess: "notApplied",
		AppliedPolicies: []struct{}{}, RiskDetail: "none", RiskLevelAggregated: "none", RiskLevelDuringSignIn: "none", RiskState: "none",
		RiskEventTypes: []struct{}{}, RiskEventTypesByString: []string{},
	}
	rest := betaSignIn{
		SignInEventTypes: []string{e.Kind}, ClientCredentialType: "none", CrossTenantAccessType: "none",
		ResourceServicePrincipalID: text(e.Resource), UniqueTokenIdentifier: text(e.TokenID), IncomingTokenType: "none",
	}
	switch e.Kind {
	case audit.InteractiveUserSignIn, audit.UserSignIn:
		face.UserID, face.UserPrincipalName = string(e.Principal), strings.ToLower(e.PrincipalName)
		rest.UserType = text("member")
		if e.Kind == audit.InteractiveUserSignIn {
			face.ClientAppUsed = text("Browser")
		}
		if e.Home != "" && e.Home != e.Tenant {
			rest.UserType, rest.CrossTenantAccessType = text("guest"), "b2bCollaboration"
		}
	default:
		none := ""
		face.UserDisplayName = &none
		face.ServicePrincipalID, face.ServicePrincipalName = string(e.Principal), text(e.PrincipalName)
		if t := credentialTypes[e.CredentialKind]; t != "" {
			rest.ClientCredentialType = t
		}
		switch rest.ClientCredentialType {
		case "clientSecret", "certificate":
			rest.CredentialKeyID = text(e.CredentialID)
		case "federatedIdentityCredential":
			rest.FederatedCredentialID = text(e.CredentialID)
		}
		if e.Kind == audit.ManagedIdentitySignIn {
			rest.ManagedServiceIdentity = &managedIdentity{Type: "userAssigned"}
		}
	}
	return item(string(e.ID), face, rest)
}

// address returns an address without a port.
func address(ip string) *string {
	if host, _, err := net.SplitHostPort(ip); err == nil {
		ip = host
	}
	return text(ip)
}

// statusOf returns how the sign-in ended. Of a refusal it says which link of
// the chain broke, as far as this tenant may know.
func statusOf(e audit.SignIn) status {
	if e.ErrorCode == 0 && e.Reason == "" {
		return status{FailureReason: "Other."}
	}
	s := status{ErrorCode: e.ErrorCode, FailureReason: e.Reason}
	var broken []string
	for _, l := range e.Links {
		if l.Verdict == "ok" {
			continue
		}
		say := l.Name + ": " + l.Verdict
		if l.Expected != "" {
			say += ", expected '" + l.Expected + "'"
		}
		if l.Found != "" {
			say += ", found '" + l.Found + "'"
		}
		broken = append(broken, say)
	}
	s.Details = text(strings.Join(broken, "; "))
	return s
}
