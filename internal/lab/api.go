package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An api is how the story speaks to the installation: plain HTTP, as a script
// would, each request told on paper.
type api struct {
	http  *http.Client
	base  string
	paper *paper // nil for requests that are no part of the story
}

// A refusal is an answer that is none of what was hoped for.
type refusal struct {
	status int
	body   string
}

// Error returns what was answered.
func (r *refusal) Error() string {
	return fmt.Sprintf("refused with %s: %s", statusText(r.status), r.body)
}

// quietly returns the same api without its paper.
func (a *api) quietly() *api { return &api{http: a.http, base: a.base} }

// json sends in as JSON to a path below the base and reads the answer into out.
// Either may be nil.
func (a *api) json(ctx context.Context, method, path, token string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	header := http.Header{"Accept": {"application/json"}}
	if in != nil {
		header.Set("Content-Type", "application/json")
	}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	return a.do(ctx, method, a.base+path, header, body, out)
}

// form posts a form to an address and reads the answer into out.
func (a *api) form(ctx context.Context, address string, header http.Header, values url.Values, out any) error {
	header = header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	return a.do(ctx, http.MethodPost, address, header, strings.NewReader(values.Encode()), out)
}

func (a *api) do(ctx context.Context, method, address string, header http.Header, body io.Reader, out any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	req.Header = header
	res, err := a.http.Do(req)
	if err != nil {
		a.tell(method, address, 0)
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	a.tell(method, address, res.StatusCode)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return &refusal{res.StatusCode, words(text)}
	}
	if out == nil || len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the answer of %s: %w", address, err)
	}
	return nil
}

func (a *api) tell(method, address string, status int) {
	if a.paper == nil {
		return
	}
	a.paper.exchange(method, shortened(a.base, address), status)
}

// shortened returns an address as a person wants to read it: without the escapes,
// and without the host when it is the installation's.
func shortened(base, address string) string {
	if plain, err := url.PathUnescape(address); err == nil {
		address = plain
	}
	return strings.TrimPrefix(address, base)
}

// words returns the sentence in an error's body, whichever edge wrote it, and
// the body itself when there is none.
func words(text []byte) string {
	var oauth struct {
		Description string `json:"error_description"`
	}
	if json.Unmarshal(text, &oauth) == nil && oauth.Description != "" {
		first, _, _ := strings.Cut(oauth.Description, "Trace ID:")
		return strings.TrimSpace(first)
	}
	var rest struct {
		Error struct{ Code, Message string }
	}
	if json.Unmarshal(text, &rest) == nil && rest.Error.Code != "" {
		return rest.Error.Code + ": " + rest.Error.Message
	}
	return strings.TrimSpace(string(text))
}

// An accessToken is what the token endpoint and the identity endpoints answer.
type accessToken struct {
	Value string `json:"access_token"`
}

// clientToken returns a token by a client's secret.
func (a *api) clientToken(ctx context.Context, tenant string, c client, scope string) (string, error) {
	var t accessToken
	err := a.form(ctx, a.base+"/"+tenant+"/oauth2/v2.0/token", nil, url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {c.ID},
		"client_secret": {c.Secret},
		"scope":         {scope},
	}, &t)
	return t.Value, err
}

// The scopes that the story asks for.
const (
	graphScope = "https://graph.microsoft.com/.default"
	armScope   = "https://management.azure.com/.default"
)

// exchange trades a managed identity's assertion for a token of another tenant.
func (a *api) exchange(ctx context.Context, tenant, app, assertion, scope string) (string, error) {
	var t accessToken
	err := a.form(ctx, a.base+"/"+tenant+"/oauth2/v2.0/token", nil, url.Values{
		"grant_type":            {"client_credentials"},
		"client_id":             {app},
		"scope":                 {scope},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}, &t)
	return t.Value, err
}

// identityToken asks a host's identity endpoint, as the article's runbook does.
func (a *api) identityToken(ctx context.Context, endpoint, header, resource, clientID string) (string, error) {
	var t accessToken
	err := a.form(ctx, endpoint,
		http.Header{"Metadata": {"true"}, "X-Identity-Header": {header}},
		url.Values{"resource": {resource}, "client_id": {clientID}}, &t)
	return t.Value, err
}

// countUsers reads a tenant's users page by page.
func (a *api) countUsers(ctx context.Context, token string) (int, error) {
	n, path := 0, "/v1.0/users?$top=999&$select=id,displayName,userPrincipalName"
	for path != "" {
		var page struct {
			Value []json.RawMessage `json:"value"`
			Next  string            `json:"@odata.nextLink"`
		}
		if err := a.json(ctx, http.MethodGet, path, token, nil, &page); err != nil {
			return 0, err
		}
		n += len(page.Value)
		path = strings.TrimPrefix(page.Next, a.base)
	}
	return n, nil
}
