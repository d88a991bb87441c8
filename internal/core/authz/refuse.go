package authz

import "entente/internal/kit/fault"

// Denied is the Reason of every refusal for want of a right.
const Denied fault.Reason = "authz.denied"

// Refuse returns the fault of a caller who may not.
func Refuse() *fault.Error {
	return fault.Because(fault.Forbidden, Denied, "Insufficient privileges to complete the operation.")
}
