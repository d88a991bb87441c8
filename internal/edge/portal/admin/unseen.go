package admin

import (
	"errors"

	"entente/internal/core/authz"
	"entente/internal/edge/portal"
	"entente/internal/kit/fault"
)

// Unseen says in a section which role it takes to see what would stand there, where
// that is why err refuses; every other error is returned.
func Unseen(s *portal.Section, err error) error {
	if !errors.Is(err, authz.Denied) {
		return err
	}
	s.Table, s.Do, s.None, s.Text = nil, nil, nil, "You can’t see this."
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Values["leastRole"] != "" {
		s.Text = "You can’t see this. It takes the role " + f.Values["leastRole"] + ", or one that may do more."
	}
	return nil
}
