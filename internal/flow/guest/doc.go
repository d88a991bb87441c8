// Package guest brings people of elsewhere into a tenant.
//
//	invited → accepted
//	accepted → invited, when the redemption is reset
//
// Whoever may invite makes a guest user and a link with a ticket. The ticket is
// kept as a digest, bound to tenant and user, and ends; a fresh invitation of
// the same guest takes the place of the last one. Until it is used it is also
// kept sealed, for the message that carries the link, which package notify sends
// where the inviter asks for one. To look at an invitation
// does not use it up: programs that check mail open every link.
//
// One account may redeem: the one that the invited address names in a tenant
// that owns the address's domain. What its own tenant has not proved to own
// counts for nothing, nor does whoever has the link. It may also come without
// the link: whoever signs in to the tenant and is expected there is asked then.
// Nobody is asked where both tenants' policies say so. To decline changes
// nothing; the guest waits on.
//
// Three policies have a say: the tenant's authorization policy about who
// invites, and, where the address is of another tenant of this installation,
// the cross-tenant access policies of both. The user itself is the business of
// core/directory.
// https://learn.microsoft.com/graph/api/invitation-post?view=graph-rest-1.0
package guest
