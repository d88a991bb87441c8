package entitlement

import (
	"context"

	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// agreement is the digest of what an approver agrees to for good: what is asked, why
// and for how long. Nobody may change that afterwards. What the package gives is no
// part of it, for who has a package has at each time what it gives then; nor is who
// asked and whom it is for: they may turn out to be somebody who is known already.
func agreement(r *Request) secret.Digest {
	parts := []string{
		"agreement", string(r.Tenant), string(r.ID), string(r.Type), string(r.Package), string(r.Policy), r.Justification,
		stamp(r.Schedule.Start), string(r.Schedule.Expiration.Type), stamp(r.Schedule.Expiration.End), r.Schedule.Expiration.Duration.String(),
		string(r.Terms.Expiration.Type), stamp(r.Terms.Expiration.End), r.Terms.Expiration.Duration.String(),
	}
	for _, a := range r.Answers {
		parts = append(parts, string(a.Question), a.Value)
	}
	return secret.DigestOf(parts...)
}

// unaltered reports whether a request is what was agreed to, if anybody had to agree:
// whatever has stored it otherwise, it is not delivered.
// It is for somebody else only where two were found to be one (absorb).
func unaltered(ctx context.Context, tx *sqldb.Tx, r *Request) (bool, error) {
	switch {
	case r.Terms.Agreed == "":
		return !r.Terms.Approval || len(r.Terms.Stages) == 0, nil
	case r.Terms.Agreed != agreement(r):
		return false, nil
	case r.Terms.AgreedFor == r.Target:
		return true, nil
	}
	_, err := subjectByID(ctx, tx, r.Tenant, r.Terms.AgreedFor)
	if missing(err) {
		return true, nil
	}
	return false, err
}
