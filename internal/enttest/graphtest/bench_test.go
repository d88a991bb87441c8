package graphtest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// crowd is how many users a benchmark's directory has: 2,000, or as many as
// ENTENTE_BENCH_USERS says.
func crowd(b *testing.B) int {
	b.Helper()
	text := os.Getenv("ENTENTE_BENCH_USERS")
	if text == "" {
		return 2000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 {
		b.Fatalf("ENTENTE_BENCH_USERS is %q, and should be a number of at least 1000", text)
	}
	return n
}

// pageSize is Graph's largest page of users.
const pageSize = 999

// BenchmarkUsers measures the processor time of GET /users?$top=999 beside its
// yardstick (section 8 of the plan): one keyed range read of 999 stored
// documents, joined. "factor" is ours over the yardstick's, in one run, in
// turns. "page" is the number of the page that is read: the last full one, or
// the 1,000th, should cost what the first costs.
func BenchmarkUsers(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			clk := clock.NewFake(dbtest.Noon)
			w := New(b, dbtest.OpenClock(b, engine, clk), clk)
			n := crowd(b)
			w.fill(b, n)
			c := w.Client(b, w.A, "User.Read.All")
			first := Own + "/v1.0/users?$top=" + strconv.Itoa(pageSize)
			last := min(1000, n/pageSize)
			w.read(b, c, first) // what is made once is made
			before := resident(b)
			far, after := w.turn(b, c, first, last-1)
			grown := resident(b) - before
			for _, page := range []struct {
				number int
				url    string
				after  ids.ObjectID
			}{{1, first, ""}, {last, far, after}} {
				b.Run("page="+strconv.Itoa(page.number), func(b *testing.B) {
					var ours, bare time.Duration
					for left := b.N; left > 0; left -= turns { // in turns: a busy machine hits both alike
						k := min(left, turns)
						ours += processorTime(b, k, func() { w.ask(b, c, page.url, new(nowhere)) })
						bare += processorTime(b, k, func() { w.rawRead(b, page.after) })
					}
					b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "µs-cpu/op")
					b.ReportMetric(float64(bare.Microseconds())/float64(b.N), "µs-cpu-bare/op")
					b.ReportMetric(float64(ours)/float64(bare), "factor")
					b.ReportMetric(grown, "MiB-grown")
				})
			}
		})
	}
}

// turns is how many reads are made before the other side has its turn.
const turns = 20

// nowhere takes an answer and drops it, as a socket would: a recorder's own
// growing buffer is not the server's work.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header {
	if n.header == nil {
		n.header = make(http.Header)
	}
	return n.header
}

func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}

// ask asks for a page.
func (w *World) ask(b *testing.B, c *Client, url string, to http.ResponseWriter) {
	r := httptest.NewRequestWithContext(b.Context(), "GET", url, nil)
	r.Header.Set("Authorization", "Bearer "+c.Token)
	w.handler.ServeHTTP(to, r)
}

// read reads one page and returns its text.
func (w *World) read(b *testing.B, c *Client, url string) string {
	rec := httptest.NewRecorder()
	if w.ask(b, c, url, rec); rec.Code != 200 {
		b.Fatal(rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// turn goes n pages on from url. It returns where the page after them is, and
// the last user before that page.
func (w *World) turn(b *testing.B, c *Client, url string, n int) (next string, before ids.ObjectID) {
	b.Helper()
	next = url
	for range n {
		text := w.read(b, c, next)
		next = between(b, text, `"@odata.nextLink":"`)
		before = ids.ObjectID(between(b, text[strings.LastIndex(text, `"id":"`):], `"id":"`))
	}
	return next, before
}

func between(b *testing.B, text, start string) string {
	b.Helper()
	_, rest, found := strings.Cut(text, start)
	if !found {
		b.Fatalf("%s is not in the page", start)
	}
	text, _, _ = strings.Cut(rest, `"`)
	return text
}

// rawRead is the yardstick: a keyed read of the stored documents of a page.
func (w *World) rawRead(b *testing.B, after ids.ObjectID) {
	n := 0
	text := make([]byte, 0, 1<<19)
	must(b, w.DB.View(b.Context(), func(tx *sqldb.Tx) error {
		return tx.Each(b.Context(), `select id, face from account where tenant_id = ? and deleted_us = 0 and id > ? order by id limit ?`,
			[]any{w.A.ID, after, pageSize},
			func(scan func(...any) error) error {
				var id string
				var face []byte
				n++
				err := scan(&id, &face)
				text = append(text, face...)
				return err
			})
	}))
	if n != pageSize {
		b.Fatal(n)
	}
}

// processorTime runs f n times and returns the time that this process spent.
func processorTime(b *testing.B, n int, f func()) time.Duration {
	b.Helper()
	before := rusage(b)
	for range n {
		f()
	}
	after := rusage(b)
	return time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
}

// resident is the most memory that this process has had, in MiB.
func resident(b *testing.B) float64 {
	b.Helper()
	u := rusage(b)
	return float64(u.Maxrss) / 1024
}

func rusage(b *testing.B) (u syscall.Rusage) {
	b.Helper()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u
}
