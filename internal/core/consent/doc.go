// Package consent keeps what was granted in a tenant: app role assignments
// (application permissions, and roles of people) and delegated permission
// grants, and the administrator's consent that makes both at once.
//
// Every assignment and every scope of a grant keeps its causes: an
// administrator's word, a consent, later an access package. A cause may end; the
// latest end of its live causes stands beside the thing, and the questions of
// the token path (RolesNow, ScopesNow) compare it with the clock, so that an
// end counts to the second. EndDue removes what has no live cause left.
//
// Roles are read from the rows of the application that defines them, so that a
// role switched off at its home counts for nobody at once.
//
// Who may grant: application permissions of Microsoft Graph need a Global or
// Privileged Role Administrator; others an Application Administrator as well.
// https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
//
// A resource may authorize clients ahead; then nobody is asked (ScopesFor).
//
// What people may agree to for themselves follows from the tenant's policy, the
// application's publisher and the impact of the permissions: see Judge. A
// Question is put to a person, an Offer to an administrator; the digest of
// either comes back with the decision. What a person agreed to for themselves
// they may take back at any time.
package consent
