// Package keys holds the keys with which tokens are signed: one set per tenant.
//
// A set is made when a tenant first signs or is first asked for its keys. Its
// states are
//
//	next    → current
//	current → retired
//	retired → over
//
// and follow from stored times alone, so every replica agrees without being
// told: the current key is the youngest whose time has come, a next key is one
// whose time will come, and a retired key stays published until the longest
// token that it may have signed has expired. A next key is published one cache
// age before it signs, so that whoever keeps our keys has it by then.
//
// The times are those of the machine (clock.Wall), because what they are
// compared with are other people's caches and clocks; a lab whose clock is
// moved signs on.
//
// Keys are RSA with 2048 bits, each with a self-signed certificate; a key's
// identifier is the base64url SHA-1 of that certificate, as Entra has it.
// Private halves are sealed under the operator's master key, bound to the
// installation's mark, the tenant and the identifier: moved to another row or
// another kind of installation they do not open. Opened keys are cached by
// identifier. Which keys a tenant has is read at most a minute before it is
// used, which is short beside the cache age by which every change precedes its
// effect.
package keys
