// Package signin signs people in with a browser.
//
// A sign-in is a stored value that moves, one step a page:
//
//	identify → password
//	password → identify, renew, proven
//	renew → identify, proven
//	confirm → identify, password, proven
//	proven → password, factor, enroll, device, redeem, consent, ready
//	factor → identify, proven
//	enroll → identify, spares, proven
//	spares → identify, proven
//	redeem → identify, proven, done
//	device → identify, proven, done
//	consent → identify, proven, done
//	ready → identify, done
//	done: final
//
// At proven it is known who somebody is, and no page is shown: in the same
// transaction onward asks one gate after the other, from the facts in the store,
// whether the flow has to stop at its step. Every step leads back to proven, so
// that what is true after it decides. Without a gate left the flow is ready:
// the browser goes on to where it wanted (see Ask), with a code or to a page of
// ours.
//
// It begins at identify, where the typed address tells the home tenant; or at
// confirm, where the browser's accounts are shown: when more than one of its
// sessions would do, or when it is for consent, which is never given silently. Home proves who
// somebody is: by password so far, and one that an administrator has set is
// replaced first (renew). An upstream issuer and a passkey get their states
// beside password. A session begins once the second factor of home is proved,
// too, if it is asked (core/factor says when): at factor by a code, at enroll by
// registering one, whose recovery codes are shown at spares. One that the
// resource tenant asks for adds to the session, under a new cookie.
//
// Whoever is expected as a guest of the tenant answers its invitation first
// (redeem), whether they came by its link or not; where both tenants' policies
// agree nobody is asked. A guest whose sessions were revoked in the tenant proves
// the account again (password).
//
// A device that has no browser shows a code; whoever types it here begins a flow
// for the device, and is asked whether they have started it themselves, because
// somebody who sends others a code of their own wants in with their accounts
// (RFC 8628, section 5.4). Wrong codes are counted by network and by browser.
//
// A flow belongs to the browser that began it, by the digest of its cookie,
// and ends after a while by itself. What is shown for consent is an Offer; its
// digest comes back with the decision, and an application that has changed
// meanwhile is shown again instead of being granted. A flow is spent by the
// decision, in the transaction that grants.
//
// An unknown account and a wrong password cost the same time and get the same
// sentence. Wrong passwords are counted by account and network, which pauses
// that pair; by network over all accounts, which pauses the network; and by
// account over all networks, which makes the pauses of its pairs longer. Thus
// nobody elsewhere can lock an account's owner out.
//
// Package core/consent decides who may consent and writes the grants. The
// pages are edge/portal/signinpages.
package signin
