package graph

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"entente/internal/core/authz"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/odata"
)

// A Throttle bounds what one application uses in one tenant, in the units that
// Graph counts: it may use as many as there are in ten seconds at once, and
// gets them back over ten seconds. Each server counts for itself.
// https://learn.microsoft.com/graph/throttling-limits
type Throttle struct {
	units   float64
	clock   clock.Clock
	buckets *otter.Cache[user, *bucket]
}

// throttleWindow is the time in which an empty bucket is full again.
const throttleWindow = 10 * time.Second

// maxBuckets bounds the memory. A bucket that was dropped to make room comes
// back full.
const maxBuckets = 10_000

// A user is who has a bucket, for everything together or for one action.
type user struct {
	tenant ids.TenantID
	app    ids.AppID
	action string
}

// NewThrottle returns a throttle of that many units in ten seconds, or nil, for
// no limit, when there are none.
func NewThrottle(units int, clk clock.Clock) *Throttle {
	if units <= 0 {
		return nil
	}
	return &Throttle{
		units: float64(units), clock: clk,
		buckets: otter.Must(&otter.Options[user, *bucket]{MaximumSize: maxBuckets}),
	}
}

// A bucket holds the units that are left.
type bucket struct {
	mu   sync.Mutex
	left float64
	at   time.Time
}

// take uses units, or returns how long to wait for them. The last units that
// are left suffice for a request that costs more.
func (t *Throttle) take(who authz.Caller, cost int) time.Duration {
	if t == nil {
		return 0
	}
	return t.drain(user{who.Tenant, who.App, ""}, t.units, cost)
}

// drain takes cost from the bucket of u, which holds units when it is full.
func (t *Throttle) drain(u user, units float64, cost int) time.Duration {
	now := t.clock.Wall()
	b, _ := t.buckets.ComputeIfAbsent(u, func() (*bucket, bool) { return &bucket{left: units, at: now}, false })
	b.mu.Lock()
	defer b.mu.Unlock()
	rate := units / throttleWindow.Seconds()
	if gone := now.Sub(b.at); gone > 0 {
		b.left = min(units, b.left+gone.Seconds()*rate)
		b.at = now
	}
	if b.left >= 1 {
		b.left -= float64(cost)
		return 0
	}
	return time.Duration((1 - b.left) / rate * float64(time.Second))
}

// tooMany is the Reason of a request beyond the limit. Values: retry-after, in
// seconds.
const tooMany fault.Reason = "graph.too_many_requests"

// charge counts the request against the caller's units, or refuses it.
func (c *call) charge(who authz.Caller) error {
	cost := c.cost()
	c.w.Header().Set("X-Ms-Resource-Unit", strconv.Itoa(cost))
	wait := max(c.Throttle.take(who, cost), c.rate(who))
	if wait <= 0 {
		return nil
	}
	c.w.Header().Set("X-Ms-Throttle-Scope", "Tenant_Application/ReadWrite/"+string(who.App)+"/"+string(who.Tenant))
	return fault.Because(fault.Throttled, tooMany, "Please retry again later.").
		With("retry-after", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// rate counts the call of an action that has a limit of its own.
func (c *call) rate(who authz.Caller) time.Duration {
	a := c.target.action
	if a == nil || a.Rate == 0 {
		return 0
	}
	c.Server.once.Do(func() { c.Server.rates = NewThrottle(1, c.Clock) })
	return c.Server.rates.drain(user{who.Tenant, who.App, a.Name}, float64(a.Rate), 1)
}

// cost returns the units that a request uses: those of its set or action, less
// for $select and small pages, more for $expand, and one for a write.
func (c *call) cost() int {
	if len(c.target.steps) == 0 {
		return 1
	}
	n := c.target.set().Cost
	if c.target.action != nil {
		n = c.target.action.Cost
	} else if c.r.Method != http.MethodGet {
		return 1
	}
	o, err := odata.ParseOptions(c.r.URL.RawQuery)
	if err != nil {
		return max(n, 1)
	}
	if len(o.Select) > 0 {
		n--
	}
	if len(o.Expand) > 0 {
		n++
	}
	if o.Top != nil && *o.Top < smallPage {
		n--
	}
	return max(n, 1)
}

const smallPage = 20
