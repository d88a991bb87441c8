package sqldb

import (
	"errors"
	"fmt"
	"io"
	"net"

	"database/sql"
	"database/sql/driver"

	"entente/internal/kit/fault"
)

func conflict(err error) error {
	return fault.New(fault.Conflict, "The stored state disagrees.").Wrap(err)
}

func unavailable(err error) error {
	return fault.New(fault.Unavailable, "The store is away. Try again.").Wrap(err)
}

// unknownFault classifies what is no answer of an engine: a broken connection
// or a mistake of ours.
func unknownFault(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	_, network := errors.AsType[net.Error](err)
	if network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return unavailable(err)
	}
	return fault.New(fault.Internal, "The store gave an unexpected answer.").Wrap(err)
}

// panicked turns what a closure panicked with into an error for the log.
func panicked(p any) error { return fmt.Errorf("panic: %v", p) }
