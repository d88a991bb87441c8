// Package crosstenant decides what may cross between a tenant and another one:
// the cross-tenant access policy of Microsoft Graph.
//
// A tenant has one default configuration and one for each partner that it
// names. A section that a partner's configuration leaves out is the default's,
// and one that the default leaves out is the system's: people and workloads may
// cross, direct connections may not, nothing is trusted.
//
// Inbound and Outbound are pure: they take what two tenants have stored and say
// yes or no, each with the rule that said so. Whatever crosses needs both: the
// home tenant's outbound and the resource tenant's inbound. Nobody of the other
// side can loosen what one side forbids.
//
// Two kinds of callers are judged. Of a person both blocks of a B2B section
// count: whether they may, and what they want to use. Of a workload the block of
// applications counts, and a target names either end of the crossing: the
// application that comes, or the one that it asks for. Microsoft's own policy
// leaves workloads alone; doc/divergences.md says why ours does not.
//
// https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicy-overview
package crosstenant
