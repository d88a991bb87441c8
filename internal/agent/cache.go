package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"sync"
	"time"

	"entente/internal/client"
	"entente/internal/kit/clock"
)

const (
	maxCached  = 512
	maxAsking  = 64
	margin     = 5 * time.Minute // a token this near its expiry is not handed out again
	askTimeout = 30 * time.Second
)

// A cache hands out a token again until shortly before it expires, and never
// longer than age: then the server is asked whether the host still has the
// identity. Requests for one key that arrive together share one question. A
// refusal is not kept.
type cache struct {
	clock  clock.Clock
	age    time.Duration
	ask    func(context.Context, key) (*client.Token, error)
	asking chan struct{} // bounds the questions under way

	mu      sync.Mutex
	kept    map[key]kept
	flights map[key]*flight
}

type kept struct {
	token *client.Token
	until time.Time // by the wall
}

type flight struct {
	done  chan struct{}
	token *client.Token
	err   error
}

func newCache(c clock.Clock, age time.Duration, ask func(context.Context, key) (*client.Token, error)) *cache {
	return &cache{
		clock: c, age: age, ask: ask, asking: make(chan struct{}, maxAsking),
		kept: make(map[key]kept), flights: make(map[key]*flight),
	}
}

// token returns the token for k, kept or new. A kept token whose digest is
// stale is dropped first: a resource has refused it.
func (c *cache) token(ctx context.Context, k key, stale string) (*client.Token, error) {
	c.mu.Lock()
	if e, ok := c.kept[k]; ok {
		if c.fresh(e) && !isDigest(e.token, stale) {
			c.mu.Unlock()
			return e.token, nil
		}
		delete(c.kept, k)
	}
	f, flying := c.flights[k]
	if !flying {
		f = &flight{done: make(chan struct{})}
		c.flights[k] = f
		// Others may wait for this answer when the first caller has left.
		go c.fly(context.WithoutCancel(ctx), k, f)
	}
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *cache) fly(ctx context.Context, k key, f *flight) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	select {
	case c.asking <- struct{}{}:
		f.token, f.err = c.ask(ctx, k)
		<-c.asking
	case <-ctx.Done():
		f.err = ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.err == nil {
		c.keep(k, kept{f.token, c.clock.Wall().Add(c.age)})
	}
	delete(c.flights, k)
	close(f.done)
}

// keep stores e and, when there are too many, drops what is no longer fresh, or
// else what would be dropped first.
func (c *cache) keep(k key, e kept) {
	if len(c.kept) >= maxCached {
		var oldest key
		var until time.Time
		for k, e := range c.kept {
			if !c.fresh(e) {
				delete(c.kept, k)
			} else if until.IsZero() || e.until.Before(until) {
				oldest, until = k, e.until
			}
		}
		if len(c.kept) >= maxCached {
			delete(c.kept, oldest)
		}
	}
	c.kept[k] = e
}

// drop forgets the tokens of a job that is over.
func (c *cache) drop(job string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.kept, func(k key, _ kept) bool { return k.job == job })
}

func (c *cache) fresh(e kept) bool {
	return c.clock.Wall().Before(e.until) && c.clock.Wall().Add(margin).Before(e.token.ExpiresOn)
}

func isDigest(t *client.Token, digest string) bool {
	if digest == "" {
		return false
	}
	sum := sha256.Sum256([]byte(t.Access.Reveal()))
	return hex.EncodeToString(sum[:]) == digest
}
