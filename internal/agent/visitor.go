package agent

import (
	"sync"

	"entente/internal/kit/secret"
)

// visitors are the jobs that run now, by the secret that each was given.
type visitors struct {
	mu  sync.Mutex
	all map[string]secret.String // by job
}

// admit makes the secret header of a job. It counts until dismiss.
func (v *visitors) admit(job string) secret.String {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all = make(map[string]secret.String)
	}
	header := secret.NewString(secret.Random(32))
	v.all[job] = header
	return header
}

func (v *visitors) dismiss(job string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.all, job)
}

// visitor tells who sends a header: a job, or with an empty job the host itself,
// which a worker does not know.
func (a *Agent) visitor(header string) (job string, known bool) {
	if a.runner == nil {
		return "", a.header.Equal(header)
	}
	a.jobs.mu.Lock()
	defer a.jobs.mu.Unlock()
	for id, h := range a.jobs.all {
		if h.Equal(header) {
			job, known = id, true
		}
	}
	return job, known
}
