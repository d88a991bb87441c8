package keys

import (
	"context"
	"sync"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// heldShared is what PublishedByAll read a moment ago. It is held like a
// tenant's set: anybody may ask for it, and it costs two reads a tenant.
type heldShared struct {
	mu    sync.Mutex
	limit int
	list  []published
	read  time.Time // zero while nothing is held
}

// published is a tenant with the keys that others may rely on.
type published struct {
	tenant ids.TenantID
	keys   []jose.PublicKey
}

// forget has the next caller read anew, because there is a new key.
func (h *heldShared) forget() {
	h.mu.Lock()
	h.read = time.Time{}
	h.mu.Unlock()
}

// PublishedByAll calls show with the published keys of one tenant after the
// other, those that made keys last first, until limit tenants were shown.
// Tenants that are switched off are not shown. A key that this replica makes is
// shown at once; anything else that changes, within a minute.
func (s *Service) PublishedByAll(ctx context.Context, limit int, show func(ids.TenantID, []jose.PublicKey)) error {
	list, err := s.sharedNow(ctx, limit)
	if err != nil {
		return err
	}
	for _, p := range list {
		show(p.tenant, p.keys)
	}
	return nil
}

// sharedNow reads for one caller at a time; the others find what it read.
func (s *Service) sharedNow(ctx context.Context, limit int) ([]published, error) {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.shared.limit == limit && s.fresh(s.shared.read) {
		return s.shared.list, nil
	}
	now := s.clk.Wall()
	list, err := s.readShared(ctx, limit)
	if err == nil {
		s.shared.limit, s.shared.list, s.shared.read = limit, list, now
	}
	return list, err
}

func (s *Service) readShared(ctx context.Context, limit int) (list []published, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		tenants, err := listYoungest(ctx, tx, limit)
		if err != nil {
			return err
		}
		for _, tenant := range tenants {
			keys, err := s.publish(ctx, tx, tenant)
			if err != nil {
				return err
			}
			list = append(list, published{tenant, keys})
		}
		return nil
	})
	return list, err
}
