// Package client is the Go client of entente's own HTTP surfaces: the token
// endpoint as a host agent uses it, and the host API.
//
// It speaks HTTPS only, follows no redirect, and reads no more of an answer
// than a bound. A refusal comes back as an *Error with the AADSTS number and the
// word of OAuth that the server gave; an error of any other kind means that no
// answer came.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxAnswer      = 8 << 20 // a runbook of a million characters, each escaped
	defaultTimeout = 20 * time.Second
)

// A Client speaks to one installation.
type Client struct {
	base string
	http *http.Client
}

// Options say where the installation is and whom to trust.
type Options struct {
	// Base is the installation's own name, for example
	// https://localhost:8443, without a path.
	Base string
	// Roots are the certificate authorities to trust; nil means the system's.
	Roots *x509.CertPool
	// Timeout bounds one call; zero means twenty seconds.
	Timeout time.Duration
}

// New returns a client, or an error when the base is no https origin.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.Base)
	if err != nil {
		return nil, fmt.Errorf("parse server address: %w", err)
	}
	if u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("server address %q is not https://host[:port]", o.Base)
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}
	return &Client{
		base: u.Scheme + "://" + u.Host,
		http: &http.Client{
			Transport: transport,
			Timeout:   o.Timeout,
			// A redirect would carry an assertion to someone else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Base returns the installation's own name, without a trailing slash.
func (c *Client) Base() string { return c.base }

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// postForm posts a form and reads the JSON answer into out.
func (c *Client) postForm(ctx context.Context, path string, form url.Values, out any) error {
	return c.post(ctx, path, "application/x-www-form-urlencoded", "", strings.NewReader(form.Encode()), out)
}

// postJSON posts a value and reads the JSON answer into out. The bearer may be
// empty.
func (c *Client) postJSON(ctx context.Context, path, bearer string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	return c.post(ctx, path, "application/json", bearer, bytes.NewReader(body), out)
}

func (c *Client) post(ctx context.Context, path, contentType, bearer string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	switch {
	case len(answer) > maxAnswer:
		return fmt.Errorf("the answer of %s is larger than %d bytes", path, maxAnswer)
	case res.StatusCode == http.StatusNoContent:
		return nil
	case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated:
		return readError(res, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode answer of %s: %w", path, err)
	}
	return nil
}
