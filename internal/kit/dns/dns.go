// Package dns asks what the owner of a name has published under it.
//
// Whoever may claim a name in a tenant can make the server ask about it. So a
// question is about exactly that name, ends after a time, waits with few others
// at a time, and the answer counts up to a number of records. Which servers are
// asked is the operator's choice.
//
// An operator, and a lab, may also write records into a file. A name that
// stands there is answered from it, and nobody is asked.
package dns

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"entente/internal/kit/fault"
)

// Why a question has no answer.
const (
	NoAnswer fault.Reason = "dns.no_answer" // the name's servers are away, or refuse
	Busy     fault.Reason = "dns.busy"      // too many questions are under way
	BadFile  fault.Reason = "dns.bad_file"  // the file of records is not to be read
)

// Options says whom to ask. The zero value asks whom the system asks.
type Options struct {
	Servers []string      // host:port; the system's when there are none
	File    string        // records that go before the servers', or empty
	Timeout time.Duration // for one question; 5 s when zero
	AtOnce  int           // questions at a time; 8 when zero
}

const (
	mostRecords = 100     // of one answer
	mostFile    = 1 << 20 // bytes of the file
)

// A Resolver asks. It is safe for use by many goroutines.
type Resolver struct {
	net     *net.Resolver
	file    string
	timeout time.Duration
	slots   chan struct{}
}

// New returns a resolver.
func New(o Options) *Resolver {
	r := &Resolver{net: &net.Resolver{}, file: o.File, timeout: o.Timeout, slots: make(chan struct{}, max(o.AtOnce, 0))}
	if r.timeout == 0 {
		r.timeout = 5 * time.Second
	}
	if o.AtOnce == 0 {
		r.slots = make(chan struct{}, 8)
	}
	if len(o.Servers) > 0 {
		r.net = &net.Resolver{PreferGo: true, Dial: turns(o.Servers)}
	}
	return r
}

// turns dials one server after the other, whomever the system would ask.
func turns(servers []string) func(ctx context.Context, network, _ string) (net.Conn, error) {
	var next atomic.Uint32
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, servers[int(next.Add(1)-1)%len(servers)])
	}
}

// TXT returns the texts under a name; none if it has none or does not exist.
func (r *Resolver) TXT(ctx context.Context, name string) ([]string, error) {
	return r.ask(ctx, name, "TXT", func(ctx context.Context, name string) ([]string, error) { return r.net.LookupTXT(ctx, name) })
}

// MX returns the mail exchanges of a name, in lower case and without the dot at
// the end; none if it has none or does not exist.
func (r *Resolver) MX(ctx context.Context, name string) ([]string, error) {
	hosts, err := r.ask(ctx, name, "MX", func(ctx context.Context, name string) (hosts []string, err error) {
		all, err := r.net.LookupMX(ctx, name)
		for _, mx := range all {
			hosts = append(hosts, mx.Host)
		}
		if len(hosts) > 0 {
			err = nil // those that are no host names were left out
		}
		return hosts, err
	})
	for i, h := range hosts {
		hosts[i] = strings.TrimSuffix(strings.ToLower(h), ".")
	}
	return hosts, err
}

func (r *Resolver) ask(ctx context.Context, name, kind string, look func(context.Context, string) ([]string, error)) ([]string, error) {
	if r.file != "" {
		if list, known, err := r.read(name, kind); known || err != nil {
			return list, err
		}
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	default:
		return nil, fault.Because(fault.Unavailable, Busy, "Too many names are being looked up. Please retry again later.")
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	list, err := look(ctx, strings.TrimSuffix(name, ".")+".") // rooted: no search list of the system's comes behind it
	var d *net.DNSError
	switch {
	case errors.As(err, &d) && d.IsNotFound:
		return nil, nil
	case err != nil:
		return nil, fault.Because(fault.Unavailable, NoAnswer, "The name servers of '%.253s' did not answer. Please retry again later.", name).Wrap(err)
	}
	return list[:min(len(list), mostRecords)], nil
}

// read returns what the file says under a name, and whether the name stands in
// it. A line is a name, TXT or MX, and the value; what follows # is a comment.
// A file that is not there has no records.
func (r *Resolver) read(name, kind string) (list []string, known bool, err error) {
	f, err := os.Open(r.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, badFile(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	switch {
	case err != nil:
		return nil, false, badFile(err)
	case len(text) > mostFile:
		return nil, false, badFile(fmt.Errorf("more than %d bytes", mostFile))
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) < 3 || !strings.EqualFold(strings.TrimSuffix(words[0], "."), strings.TrimSuffix(name, ".")) {
			continue
		}
		known = true
		if strings.EqualFold(words[1], kind) {
			list = append(list, strings.Trim(words[len(words)-1], `"`))
		}
	}
	return slices.Clip(list), known, nil
}

func badFile(err error) error {
	return fault.Because(fault.Unavailable, BadFile, "The names cannot be looked up. Please retry again later.").Wrap(err)
}
