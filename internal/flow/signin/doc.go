// Package signin signs people in with a browser.
//
// A sign-in is a stored value that moves, one step a page:
//
//	identify → password
//	password → identify, renew, consent, ready
//	renew → identify, consent, ready
//	confirm → identify, password, consent, ready
//	consent → identify, done
//	ready → identify, done
//	done: final
//
// A sign-in to an application goes to ready wherever a consent goes to consent:
// then the browser is sent back with a code.
//
// It begins at identify, where the typed address tells the home tenant; or at
// confirm, where the browser's accounts are shown: when more than one of its
// sessions would do, or when it is for consent, which is never given silently. Home proves who somebody is: by password so far, and one that an
// administrator has set is replaced first (renew). A second factor
// and an upstream issuer come between password and consent, redemption of an
// invitation before consent; each is a state of its own, and Flow.proven is the
// one place that decides which is next. Every flow so far is begun for admin
// consent (see Ask).
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
