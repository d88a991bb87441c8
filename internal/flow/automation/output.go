package automation

import (
	"time"

	"entente/internal/kit/fault"
)

// A Stream tells where a script printed: its standard output or its errors.
type Stream string

// The streams, by Azure's jobStreamType.
const (
	Output Stream = "Output"
	Error  Stream = "Error"
)

const (
	maxRecord = 64 << 10 // bytes of one record
	maxOutput = 1 << 20  // bytes of a job's records
)

// A Record is what a job printed at one time.
type Record struct {
	Seq    int // from 1, without gaps, through all runs of the job
	Run    int
	Stream Stream
	Bytes  []byte // as they came: any bytes, and perhaps half of a character
	At     time.Time
}

// A Ledger is how far the output of a job has been taken in.
type Ledger struct {
	Last int  // the sequence number of the last record; 0 before the first
	Size int  // bytes of all records
	Cut  bool // there was more than is kept
}

// Take returns the record to store for what the worker sent as number seq, or
// nil if there is nothing to store: it was sent before (a worker that heard no
// answer sends again), or the job has printed all that is kept. What goes past
// that limit is dropped, and the ledger says so; the job runs on.
func (l *Ledger) Take(run, seq int, stream Stream, bytes []byte, now time.Time) (*Record, error) {
	switch {
	case stream != Output && stream != Error:
		return nil, fault.InvalidAt("stream", "The stream is Output or Error.")
	case len(bytes) == 0 || len(bytes) > maxRecord:
		return nil, fault.InvalidAt("bytes", "A record has 1 to %d bytes; this one has %d.", maxRecord, len(bytes))
	case seq < 1 || seq > l.Last+1:
		return nil, fault.New(fault.Conflict, "The next record is %d, and not %d.", l.Last+1, seq)
	case seq <= l.Last:
		return nil, nil
	}
	l.Last = seq
	if room := maxOutput - l.Size; len(bytes) > room {
		bytes, l.Cut = bytes[:room], true
	}
	if len(bytes) == 0 {
		return nil, nil
	}
	l.Size += len(bytes)
	return &Record{Seq: seq, Run: run, Stream: stream, Bytes: bytes, At: now}, nil
}
