// Package fetch asks servers outside this installation for documents, and is
// wary of them.
//
// Whoever may store a URL in a tenant can make the server call it. So only
// https is spoken; the address that is really dialed must be a public one,
// whatever the name resolved to a moment earlier; no redirect is followed, no
// proxy and no cookie used; an answer has a greatest size and a greatest
// duration; and one host holds a bounded number of requests, so that a host
// that hangs harms nobody else. An operator lets an internal issuer through by
// naming its host or its network.
//
// A Cache keeps what was made of such documents, one entry per source, with a
// least age between two requests and a greatest age of what is served.
package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"entente/internal/kit/fault"
)

// The reasons for which a document is not to be had.
const (
	NotHTTPS       fault.Reason = "fetch_not_https"       // the URL is no https URL
	AddressBlocked fault.Reason = "fetch_address_blocked" // the address dialed is not a public one
	Redirected     fault.Reason = "fetch_redirected"      // the server sends us elsewhere
	BadStatus      fault.Reason = "fetch_bad_status"      // the server answers with an error
	TooLarge       fault.Reason = "fetch_too_large"       // the answer exceeds the limit
	TimedOut       fault.Reason = "fetch_timed_out"       // the answer did not come in time
	Unreachable    fault.Reason = "fetch_unreachable"     // no connection, no name, no valid certificate
	Busy           fault.Reason = "fetch_busy"            // too many requests to this host are under way
)

// Options says what a client may do. The zero value reaches public hosts with
// certificates that the system trusts.
type Options struct {
	Allow    []string       // hosts, addresses or networks (CIDR) reached though they are not public
	Roots    *x509.CertPool // the authorities trusted; nil means the system's (see Trusting)
	Timeout  time.Duration  // for one document, from name to last byte; 5 s when zero
	MaxBytes int64          // of one document, unpacked; 1 MiB when zero
	PerHost  int            // requests to one host at a time; 4 when zero
}

// A Client fetches documents. It is safe for use by many goroutines.
type Client struct {
	http     *http.Client
	timeout  time.Duration
	maxBytes int64
	hosts    *turnstile
}

// New returns a client, or an Invalid fault that names the entry of Allow that
// is neither a host nor an address nor a network.
func New(o Options) (*Client, error) {
	guard, err := newGuard(o.Allow)
	if err != nil {
		return nil, err
	}
	c := &Client{
		timeout:  orDefault(o.Timeout, 5*time.Second),
		maxBytes: orDefault(o.MaxBytes, 1<<20),
		hosts:    newTurnstile(orDefault(o.PerHost, 4)),
	}
	c.http = &http.Client{
		// A redirect is an answer like another, and read as a refusal.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            guard.dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
			TLSHandshakeTimeout:    c.timeout,
			ResponseHeaderTimeout:  c.timeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns:           100,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        30 * time.Second,
			ForceAttemptHTTP2:      true,
		},
	}
	return c, nil
}

func orDefault[T int | int64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// Close ends the connections that are kept open for later.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Get returns the document at address. Every fault it returns carries one of
// this package's reasons and a message without the address asked, which a
// caller may not be meant to know.
func (c *Client) Get(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, fault.Because(fault.Invalid, NotHTTPS, "The address is no https URL.")
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	leave, err := c.hosts.enter(ctx, u.Host)
	if err != nil {
		return nil, fault.Because(fault.Unavailable, Busy, "Too many requests to this host are under way.").Wrap(err)
	}
	defer leave()
	return c.get(ctx, u)
}

func (c *Client) get(ctx context.Context, u *url.URL) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault.Because(fault.Invalid, NotHTTPS, "The address is no https URL.").Wrap(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "entente")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, explain(err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return nil, fault.Because(fault.Unavailable, Redirected, "The server redirects, and redirects are not followed.")
	case res.StatusCode != http.StatusOK:
		return nil, fault.Because(fault.Unavailable, BadStatus, "The server answers with status %d.", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, c.maxBytes+1))
	switch {
	case err != nil:
		return nil, explain(err)
	case int64(len(body)) > c.maxBytes:
		return nil, fault.Because(fault.Unavailable, TooLarge, "The document exceeds %d bytes.", c.maxBytes)
	}
	return body, nil
}

// explain turns what net/http says into a fault. Only the log sees the
// original: it contains addresses.
func explain(err error) error {
	var blocked *blockedError
	var timeout net.Error
	switch {
	case errors.As(err, &blocked):
		return fault.Because(fault.Unavailable, AddressBlocked, "The host's address is not a public one.").Wrap(err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fault.Because(fault.Unavailable, TimedOut, "The server did not answer in time.").Wrap(err)
	}
	return fault.Because(fault.Unavailable, Unreachable, "The server cannot be reached.").Wrap(err)
}

// Trusting returns the system's authorities and those in the given PEM texts.
// A text without a certificate is an Invalid fault.
func Trusting(pems ...[]byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without authorities trusts only those given
	}
	for _, p := range pems {
		if !pool.AppendCertsFromPEM(p) {
			return nil, fault.New(fault.Invalid, "There is no certificate in the file of trusted authorities.")
		}
	}
	return pool, nil
}

// Sent is what Post sends.
type Sent struct {
	Type   string // of the body
	Header map[string]string
	Body   []byte
	Within time.Duration // for the whole exchange; the client's timeout when zero or longer than that
}

// Post sends a body to address and returns the header of the answer, whose body
// is read and dropped. Every status of success will do. Its faults are those of
// Get.
func (c *Client) Post(ctx context.Context, address string, s Sent) (http.Header, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, fault.Because(fault.Invalid, NotHTTPS, "The address is no https URL.")
	}
	within := c.timeout
	if s.Within > 0 {
		within = min(within, s.Within)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	leave, err := c.hosts.enter(ctx, u.Host)
	if err != nil {
		return nil, fault.Because(fault.Unavailable, Busy, "Too many requests to this host are under way.").Wrap(err)
	}
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(s.Body))
	if err != nil {
		return nil, fault.Because(fault.Invalid, NotHTTPS, "The address is no https URL.").Wrap(err)
	}
	req.GetBody = nil // nothing is sent twice by itself
	for name, value := range s.Header {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", s.Type)
	req.Header.Set("User-Agent", "entente")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, explain(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, c.maxBytes)); err != nil {
		return nil, explain(err)
	}
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return nil, fault.Because(fault.Unavailable, Redirected, "The server redirects, and redirects are not followed.")
	case res.StatusCode < 200 || res.StatusCode >= 400:
		return nil, fault.Because(fault.Unavailable, BadStatus, "The server answers with status %d.", res.StatusCode)
	}
	return res.Header, nil
}
