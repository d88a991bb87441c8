package client

import (
	"context"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

const (
	takePath = "/host/jobs/take"
	tellPath = "/host/jobs/tell"
)

// An Order is a job that a worker is handed.
type Order struct {
	Job     string `json:"jobId"`
	Run     int    `json:"run"`
	Account string `json:"automationAccount"` // in Azure Resource Manager's form
	Kind    string `json:"kind"`              // Shell or PowerShell
	Name    string `json:"name"`
	Text    string `json:"text"`
	Printed int    `json:"printed"` // records of earlier runs: the next is one more
}

// A Report is what a worker says of a run.
type Report struct {
	Job       string   `json:"jobId"`
	Run       int      `json:"run"`
	Begun     bool     `json:"begun"`
	Records   []Record `json:"records,omitempty"`
	Ended     bool     `json:"ended"`
	Exception string   `json:"exception,omitempty"`
}

// A Record is what a script printed.
type Record struct {
	Seq    int    `json:"seq"`    // from 1, without gaps, through all of the job's runs
	Stream string `json:"stream"` // Output or Error
	Bytes  []byte `json:"bytes"`
}

// TakeEndpoint and TellEndpoint return the addresses that the assertions of
// TakeJob and TellJob must name as their audience.
func (c *Client) TakeEndpoint() string { return c.base + takePath }

// TellEndpoint is that of TellJob.
func (c *Client) TellEndpoint() string { return c.base + tellPath }

// TakeJob asks for a job and waits for one up to wait, which is whole seconds and
// must stay below the client's timeout. It returns nil when none came.
func (c *Client) TakeJob(ctx context.Context, tenant ids.TenantID, host string, assertion secret.String, wait time.Duration) (*Order, error) {
	in := map[string]any{"tenantId": tenant, "hostId": host, "wait": int(wait / time.Second)}
	out := &Order{}
	if err := c.postJSON(ctx, takePath, assertion.Reveal(), in, out); err != nil {
		return nil, err
	}
	if out.Job == "" {
		return nil, nil
	}
	return out, nil
}

// TellJob says how far a run is. It returns whether the run is to be ended.
func (c *Client) TellJob(ctx context.Context, tenant ids.TenantID, host string, assertion secret.String, r Report) (stop bool, err error) {
	in := struct {
		Tenant ids.TenantID `json:"tenantId"`
		Host   string       `json:"hostId"`
		Report
	}{tenant, host, r}
	var out struct {
		Stop bool `json:"stop"`
	}
	err = c.postJSON(ctx, tellPath, assertion.Reveal(), in, &out)
	return out.Stop, err
}
