package client

import (
	"context"
	"encoding/json"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

const (
	enrollPath    = "/host/enroll"
	heartbeatPath = "/host/heartbeat"
)

// An Enrollment is what a host learns when its one-time token is redeemed.
type Enrollment struct {
	Tenant     ids.TenantID `json:"tenantId"`
	Host       string       `json:"hostId"`
	ResourceID string       `json:"resourceId"` // the host's resource in Azure Resource Manager's form
}

// Enroll redeems a one-time enrollment token and registers the host's public
// key, a JWK (RFC 7517). A token works once.
func (c *Client) Enroll(ctx context.Context, token secret.String, publicKey json.RawMessage) (*Enrollment, error) {
	in := map[string]any{"token": token.Reveal(), "key": publicKey}
	out := &Enrollment{}
	if err := c.postJSON(ctx, enrollPath, "", in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// A Heartbeat is the server's word to a host that reported.
type Heartbeat struct {
	ResourceID string        `json:"resourceId"`
	Identities []string      `json:"identities"` // client identifiers that the host may use now
	Every      time.Duration `json:"-"`          // when to report again
	Seconds    int           `json:"every"`
}

// HeartbeatEndpoint returns the address that a heartbeat's assertion must name
// as its audience.
func (c *Client) HeartbeatEndpoint() string { return c.base + heartbeatPath }

// Heartbeat reports that the host lives.
func (c *Client) Heartbeat(ctx context.Context, tenant ids.TenantID, host string, assertion secret.String) (*Heartbeat, error) {
	in := map[string]any{"tenantId": tenant, "hostId": host}
	out := &Heartbeat{}
	if err := c.postJSON(ctx, heartbeatPath, assertion.Reveal(), in, out); err != nil {
		return nil, err
	}
	out.Every = time.Duration(out.Seconds) * time.Second
	return out, nil
}
