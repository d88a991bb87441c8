package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
)

// A Selector names one of a host's identities. All empty means: the host's own
// (system-assigned) one, or the only one there is.
type Selector struct {
	ClientID   string
	ObjectID   string
	ResourceID string
}

// A TokenRequest asks for a managed identity's token on behalf of a host.
type TokenRequest struct {
	Tenant    ids.TenantID
	Host      string        // the host's identifier, from enrollment
	Assertion secret.String // signed with the host's key
	Resource  string        // as v1 names it, without /.default
	Identity  Selector
	Job       string // asked for a runbook's job that the host runs; empty for the host itself
}

// A Token is an access token and what the server said about it.
type Token struct {
	Access    secret.String
	Type      string
	ClientID  string // of the identity that was given
	Resource  string
	NotBefore time.Time
	ExpiresOn time.Time
}

// TokenEndpoint returns the address at which ManagedIdentityToken asks, which
// the assertion must name as its audience.
func (c *Client) TokenEndpoint(tenant ids.TenantID) string {
	return c.base + tokenPath(tenant)
}

func tokenPath(tenant ids.TenantID) string {
	return "/" + url.PathEscape(string(tenant)) + "/oauth2/token"
}

// ManagedIdentityToken returns a token of one of the host's managed identities.
func (c *Client) ManagedIdentityToken(ctx context.Context, r TokenRequest) (*Token, error) {
	form := url.Values{
		"grant_type":            {string(oauth2.ManagedIdentity)},
		"client_id":             {r.Host},
		"client_assertion_type": {oauth2.AssertionJWT},
		"client_assertion":      {r.Assertion.Reveal()},
		"resource":              {r.Resource},
	}
	for name, value := range map[string]string{
		"mi_client_id": r.Identity.ClientID,
		"mi_object_id": r.Identity.ObjectID,
		"mi_res_id":    r.Identity.ResourceID,
		"job":          r.Job,
	} {
		if value != "" {
			form.Set(name, value)
		}
	}
	var answer tokenAnswer
	if err := c.postForm(ctx, tokenPath(r.Tenant), form, &answer); err != nil {
		return nil, err
	}
	return answer.token(r.Resource)
}

// tokenAnswer is the body of a granted token, in the form of v1 or v2: numbers
// come as numbers or as text.
type tokenAnswer struct {
	AccessToken string      `json:"access_token"`
	TokenType   string      `json:"token_type"`
	ExpiresOn   json.Number `json:"expires_on"`
	NotBefore   json.Number `json:"not_before"`
	Resource    string      `json:"resource"`
	ClientID    string      `json:"client_id"`
}

// token fills in from the token's own claims what the answer leaves out.
func (a tokenAnswer) token(resource string) (*Token, error) {
	claims, err := readClaims(a.AccessToken)
	if err != nil {
		return nil, err
	}
	t := &Token{
		Access:    secret.NewString(a.AccessToken),
		Type:      firstOf(a.TokenType, oauth2.Bearer),
		ClientID:  firstOf(a.ClientID, claims.AppID, claims.Azp),
		Resource:  firstOf(a.Resource, resource),
		NotBefore: unix(firstOf(a.NotBefore.String(), claims.Nbf.String())),
		ExpiresOn: unix(firstOf(a.ExpiresOn.String(), claims.Exp.String())),
	}
	if t.ExpiresOn.IsZero() {
		return nil, fmt.Errorf("the token's answer names no expiry")
	}
	return t, nil
}

type tokenClaims struct {
	AppID string      `json:"appid"`
	Azp   string      `json:"azp"`
	Nbf   json.Number `json:"nbf"`
	Exp   json.Number `json:"exp"`
}

// readClaims reads a token without verifying it: it came from the server
// itself, over TLS, a moment ago.
func readClaims(token string) (c tokenClaims, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, fmt.Errorf("the access token is no JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(payload, &c)
	}
	if err != nil {
		return c, fmt.Errorf("read access token: %w", err)
	}
	return c, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func unix(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
