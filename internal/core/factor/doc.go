// Package factor is the second thing by which people prove who they are, and
// the rule that says when a tenant asks for it.
//
// A person has authenticators: apps that share a secret with us and show a code
// of six digits every thirty seconds (RFC 6238, with SHA-1, because that is what
// apps know). A code is good for its step and the ones beside it, once: a step
// that was used, and those before, are over. Wrong codes are counted for the
// account, wherever they come from, because whoever tries one has the password
// already; each further one doubles the wait. Secrets are sealed at rest.
//
// With the first authenticator come ten recovery codes, for the day on which
// the phone is lost. Each is good once; only keyed hashes are kept. They are too
// long to be guessed, and a pause after wrong codes does not concern them, so
// that nobody is shut out by somebody else's tries.
//
// A new secret, and new recovery codes, follow from the master key and from
// what asks for them (a sign-in, a session): the page that shows them can be
// loaded again, and nothing half done is stored. Codes are shown for a quarter
// of an hour.
//
// A tenant says of whom it demands a second factor: nobody, administrators or
// everybody. Whoever has an authenticator is asked once a session anyway, and
// an application may ask for it. Of a guest both tenants count. The resource
// tenant either trusts the home's second factor (core/crosstenant) or wants one
// that the guest has registered with itself. What a session has proved is kept
// in words of RFC 8176; a factor of another tenant than the home adds that
// tenant to the word: see Proven and Shown.
package factor
