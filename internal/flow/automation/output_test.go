package automation

import (
	"bytes"
	"errors"
	"testing"

	"entente/internal/kit/fault"
)

func TestLedger(t *testing.T) {
	var l Ledger
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	r, err := l.Take(1, 1, Output, every, noon)
	if err != nil || !bytes.Equal(r.Bytes, every) {
		t.Fatalf("the first record: %v, %v", r, err)
	}
	if r, err := l.Take(1, 1, Output, []byte("again"), noon); r != nil || err != nil || l.Size != 256 {
		t.Errorf("sent twice: %v, %v, %d bytes", r, err, l.Size)
	}
	for _, seq := range []int{-1, 0, 3} {
		if _, err := l.Take(1, seq, Output, every, noon); !errors.Is(err, fault.Conflict) {
			t.Errorf("record %d after 1: %v", seq, err)
		}
	}
	for _, size := range []int{0, maxRecord + 1} {
		if _, err := l.Take(1, 2, Error, make([]byte, size), noon); !errors.Is(err, fault.Invalid) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if _, err := l.Take(1, 2, "Verbose", every, noon); !errors.Is(err, fault.Invalid) {
		t.Errorf("another stream: %v", err)
	}
	if l.Last != 1 || l.Cut {
		t.Errorf("what was refused changed the ledger: %+v", l)
	}
}

func TestLedgerKeepsNoMoreThanItsLimit(t *testing.T) {
	var l Ledger
	kept := 0
	for seq := 1; seq <= maxOutput/maxRecord+3; seq++ {
		r, err := l.Take(1, seq, Output, make([]byte, maxRecord-1), noon)
		if err != nil {
			t.Fatal(err)
		}
		if r != nil {
			kept += len(r.Bytes)
		}
	}
	if kept != maxOutput || l.Size != maxOutput || !l.Cut {
		t.Errorf("kept %d bytes, %+v, want %d and a cut", kept, l, maxOutput)
	}
}
