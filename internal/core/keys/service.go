package keys

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

const (
	maxOpened = 4096  // keys kept open; some 5 kB each
	maxPublic = 16384 // public halves kept parsed, and sets
	setAge    = time.Minute
)

// Options say how keys are made.
type Options struct {
	// Mark is the installation's mark: keys of a lab open nowhere else.
	Mark string
	// Times are Defaults where zero.
	Times Times
}

// A Service makes, opens, publishes and rotates keys.
type Service struct {
	db    *sqldb.DB
	ring  *secret.Ring
	clk   clock.Clock
	mark  string
	times Times

	opened *otter.Cache[string, *Signer]  // by key identifier
	public *otter.Cache[string, jose.Key] // likewise
	sets   *otter.Cache[ids.TenantID, heldSet]
	mu     sync.Mutex
	making map[ids.TenantID]*making
	slots  chan struct{} // one for each key that may be made at a time
	shared heldShared
}

// New returns a service whose private keys are sealed under ring.
func New(db *sqldb.DB, ring *secret.Ring, clk clock.Clock, o Options) *Service {
	if o.Times == (Times{}) {
		o.Times = Defaults()
	}
	return &Service{
		db: db, ring: ring, clk: clk, mark: o.Mark, times: o.Times,
		opened: otter.Must(&otter.Options[string, *Signer]{MaximumSize: maxOpened}),
		public: otter.Must(&otter.Options[string, jose.Key]{MaximumSize: maxPublic}),
		sets:   otter.Must(&otter.Options[ids.TenantID, heldSet]{MaximumSize: maxPublic}),
		making: make(map[ids.TenantID]*making),
		slots:  make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
	}
}

// A Signer is an opened key. Version 1 tokens name its certificate in the
// header, version 2 tokens do not.
type Signer struct {
	KeyID  string
	V1, V2 *jose.Signer
	used   atomic.Int64 // the day last noted
}

// Signer returns the key with which tenant signs now, made if there is none.
func (s *Service) Signer(ctx context.Context, tenant ids.TenantID) (*Signer, error) {
	set, err := s.ensure(ctx, tenant)
	if err != nil {
		return nil, err
	}
	k := set.Current(s.clk.Wall())
	if k == nil { // a machine whose clock is behind the one that made the key
		return nil, fault.New(fault.Unavailable, "The tenant's signing key is not active yet.")
	}
	signer, err := s.opened.Get(ctx, k.ID, otter.LoaderFunc[string, *Signer](
		func(ctx context.Context, kid string) (*Signer, error) { return s.open(ctx, tenant, kid) }))
	if err != nil {
		return nil, fmt.Errorf("open signing key: %w", err)
	}
	return signer, s.noteUse(ctx, *k, signer)
}

// Public returns the key of tenant that verifies what kid signed, as long as
// it is published. Otherwise the fault is NotFound.
func (s *Service) Public(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, kid string) (jose.Key, error) {
	set, err := s.setFor(ctx, tx, tenant, kid)
	if err != nil {
		return jose.Key{}, err
	}
	if !set.Published(kid, s.clk.Wall(), s.times) {
		return jose.Key{}, fault.New(fault.NotFound, "The tenant has no such key.")
	}
	if k, ok := s.public.GetIfPresent(kid); ok {
		return k, nil
	}
	der, err := getCertificate(ctx, tx, tenant, kid)
	if err != nil {
		return jose.Key{}, err
	}
	pub, err := publicKey(der)
	if err != nil {
		return jose.Key{}, err
	}
	k := jose.Key{ID: kid, Algorithm: jose.RS256, Public: pub}
	s.public.Set(kid, k)
	return k, nil
}

// Published returns the keys of tenant that others may rely on, made if there
// are none: whoever reads the document before the first token has its key.
func (s *Service) Published(ctx context.Context, tenant ids.TenantID) ([]jose.PublicKey, error) {
	if _, err := s.ensure(ctx, tenant); err != nil {
		return nil, err
	}
	var out []jose.PublicKey
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		out, err = s.publish(ctx, tx, tenant)
		return err
	})
	return out, err
}

func (s *Service) publish(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) ([]jose.PublicKey, error) {
	set, err := listKeys(ctx, tx, tenant)
	if err != nil {
		return nil, err
	}
	ders, err := listCertificates(ctx, tx, tenant)
	if err != nil {
		return nil, err
	}
	var out []jose.PublicKey
	for i, k := range set {
		der := ders[k.ID]
		if der == nil || set.State(i, s.clk.Wall(), s.times) == Over {
			continue
		}
		pub, err := publicKey(der)
		if err != nil {
			return nil, err
		}
		out = append(out, jose.PublicRSA(k.ID, pub, der))
	}
	return out, nil
}

// ensure returns the tenant's keys and makes the first one where there is none.
func (s *Service) ensure(ctx context.Context, tenant ids.TenantID) (Set, error) {
	set, err := s.held(ctx, tenant)
	if err != nil || len(set) > 0 {
		return set, err
	}
	if err := s.once(ctx, tenant, func(ctx context.Context) error {
		_, err := s.add(ctx, Key{Tenant: tenant, Position: 1, Active: s.clk.Wall()})
		return err
	}); err != nil {
		return nil, err
	}
	return s.list(ctx, tenant)
}

func (s *Service) list(ctx context.Context, tenant ids.TenantID) (set Set, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		set, err = listKeys(ctx, tx, tenant)
		return err
	})
	return set, err
}

// add makes a key and stores it as k. When its position is taken by then,
// nothing is stored, and the result says so.
func (s *Service) add(ctx context.Context, k Key) (stored bool, err error) {
	now := s.clk.Wall()
	m, err := s.generate(ctx, now)
	if err != nil {
		return false, err
	}
	k.ID = m.id
	sealed, err := s.ring.Seal(x509.MarshalPKCS1PrivateKey(m.private), s.context(k.Tenant, k.ID)...)
	if err != nil {
		return false, err
	}
	err = s.db.Claim(ctx, func(tx *sqldb.Tx) (err error) {
		stored, err = addKey(ctx, tx, k, sealedKey{certificate: m.certificate, sealed: sealed}, s.ring.Newest(), now)
		return err
	})
	if stored {
		s.shared.forget()
	}
	return stored, err
}

func (s *Service) open(ctx context.Context, tenant ids.TenantID, kid string) (*Signer, error) {
	var k sealedKey
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		k, err = getSealed(ctx, tx, tenant, kid)
		return err
	})
	if err != nil {
		return nil, err
	}
	der, err := s.ring.Open(k.sealed, s.context(tenant, kid)...)
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, err
	}
	v2 := jose.Header{Algorithm: jose.RS256, KeyID: kid, Type: "JWT"}
	v1 := v2
	v1.X5t = kid
	signer := &Signer{KeyID: kid}
	if signer.V1, err = jose.NewSigner(private, v1); err != nil {
		return nil, err
	}
	signer.V2, err = jose.NewSigner(private, v2)
	return signer, err
}

// noteUse notes once a day that a key signs, so that only the keys of tenants
// that sign are rotated.
func (s *Service) noteUse(ctx context.Context, k Key, signer *Signer) error {
	day := s.clk.Wall().Truncate(24 * time.Hour)
	if last := signer.used.Load(); last == day.Unix() || !signer.used.CompareAndSwap(last, day.Unix()) || k.Used.Equal(day) {
		return nil
	}
	return s.db.Claim(ctx, func(tx *sqldb.Tx) error { return setUsed(ctx, tx, k.Tenant, k.ID, day) })
}

func (s *Service) context(tenant ids.TenantID, kid string) []string {
	return []string{"signing key", s.mark, string(tenant), kid}
}

func publicKey(der []byte) (*rsa.PublicKey, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read stored certificate: %w", err)
	}
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("the stored certificate holds a %T", cert.PublicKey)
	}
	return pub, nil
}
