package server

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"entente/internal/kit/clock"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// metrics answer what someone asks at three in the morning: is it answering,
// is it refusing, is it slow, and is the store the reason.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	clock    clock.Clock
}

func newMetrics(clk clock.Clock, db *sqldb.DB) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		clock:    clk,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "entente_requests_total",
			Help: "Requests answered, by edge and status.",
		}, []string{"edge", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "entente_request_seconds",
			Help:    "How long answers took, by edge.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"edge"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.watchStore(db)
	m.watchJobs(db)
	return m
}

// StoreStats returns what the store has done since the server was built.
func (s *Server) StoreStats() sqldb.Stats { return s.db.Stats() }

// watchStore counts what the store does.
func (m *metrics) watchStore(db *sqldb.DB) {
	for name, c := range map[string]struct {
		help string
		read func(sqldb.Stats) int64
	}{
		"commits":    {"Write transactions that counted.", func(s sqldb.Stats) int64 { return s.Commits }},
		"retries":    {"Transactions run again because of a conflict.", func(s sqldb.Stats) int64 { return s.Retries }},
		"rollbacks":  {"Write transactions given up.", func(s sqldb.Stats) int64 { return s.Rollbacks }},
		"statements": {"Statements.", func(s sqldb.Stats) int64 { return s.Statements }},
		"crowds":     {"Commits that many entries shared.", func(s sqldb.Stats) int64 { return s.Crowds }},
		"crowded":    {"Entries that shared a commit.", func(s sqldb.Stats) int64 { return s.Crowded }},
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "entente_store_" + name + "_total", Help: c.help,
		}, func() float64 { return float64(c.read(db.Stats())) }))
	}
}

// watchJobs tells how far the workers are behind. The store is asked when the
// metrics are; a store that does not answer shows as not a number.
func (m *metrics) watchJobs(db *sqldb.DB) {
	behind := func(read func(jobs.Backlog) float64) func() float64 {
		return func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			var b jobs.Backlog
			err := db.Read(ctx, func(tx *sqldb.Tx) (err error) {
				b, err = jobs.Behind(ctx, tx)
				return err
			})
			if err != nil {
				return math.NaN()
			}
			return read(b)
		}
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "entente_jobs_due", Help: "Jobs that should have begun."},
			behind(func(b jobs.Backlog) float64 { return float64(b.Due) })),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "entente_jobs_dead", Help: "Jobs given up after their last try."},
			behind(func(b jobs.Backlog) float64 { return float64(b.Dead) })),
	)
}

// count stands before everything and counts what next answers.
func (m *metrics) count(d *dispatcher, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, edge := m.clock.Wall(), d.find(r.URL.Path).name
		seen := &status{ResponseWriter: w}
		defer func() {
			m.requests.WithLabelValues(edge, strconv.Itoa(seen.code)).Inc()
			m.seconds.WithLabelValues(edge).Observe(m.clock.Wall().Sub(start).Seconds())
		}()
		next.ServeHTTP(seen, r)
	})
}

// handler writes the metrics in the form of Prometheus.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// status remembers what was answered; 0 means that nothing was.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	if s.code == 0 && code >= 200 {
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(b []byte) (int, error) {
	if s.code == 0 {
		s.code = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what lies below.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
