package hostapi

import (
	"context"
	"net/http"
	"time"

	"entente/internal/flow/automation"
)

const (
	maxWait   = 20 // seconds that a worker may wait for a job
	maxReport = 2 << 20
	look      = 2 * time.Second // between two looks, for jobs that another server has made
)

// An order is a job as a worker is handed it.
type order struct {
	Job     automation.JobID `json:"jobId"`
	Run     int              `json:"run"`
	Account string           `json:"automationAccount"`
	Kind    automation.Kind  `json:"kind"`
	Name    string           `json:"name"`
	Text    string           `json:"text"`
	Printed int              `json:"printed"` // records of earlier runs
}

// takeJob hands out the job that has waited the longest, or answers 204 when none
// came while the worker waited.
func (s *Server) takeJob(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		claim
		Wait int `json:"wait"` // seconds
	}
	if err := read(w, r, maxBody, &in); err != nil {
		return err
	}
	host, err := s.prove(r, in.claim)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(r.Context(), time.Duration(min(max(in.Wait, 0), maxWait))*time.Second)
	defer cancel()
	for {
		o, err := s.Automation.Take(r.Context(), host)
		if err != nil {
			return err
		}
		if o != nil {
			return answer(w, http.StatusOK, order{o.Job, o.Run, o.Account, o.Kind, o.Name, o.Text, o.Printed})
		}
		if s.Automation.Wait(waiting, look); waiting.Err() != nil {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
	}
}

// A report is what a worker says of a run.
type report struct {
	claim
	Job     automation.JobID `json:"jobId"`
	Run     int              `json:"run"`
	Begun   bool             `json:"begun"`
	Records []struct {
		Seq    int               `json:"seq"`
		Stream automation.Stream `json:"stream"`
		Bytes  []byte            `json:"bytes"` // in base64
	} `json:"records"`
	Ended     bool   `json:"ended"`
	Exception string `json:"exception"`
}

// tellJob takes in what a worker says of a run, and answers whether it is to end.
func (s *Server) tellJob(w http.ResponseWriter, r *http.Request) error {
	var in report
	if err := read(w, r, maxReport, &in); err != nil {
		return err
	}
	host, err := s.prove(r, in.claim)
	if err != nil {
		return err
	}
	said := automation.Report{Job: in.Job, Run: in.Run, Begun: in.Begun, Ended: in.Ended, Exception: in.Exception}
	for _, rec := range in.Records {
		said.Records = append(said.Records, automation.Record{Seq: rec.Seq, Stream: rec.Stream, Bytes: rec.Bytes})
	}
	stop, err := s.Automation.Tell(r.Context(), host, said)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]any{"stop": stop})
}
