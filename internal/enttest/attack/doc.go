// Package attack holds what somebody may try who wants in, one case a file's
// function, against a whole server over HTTP and on both engines: with stolen
// codes and tokens, with a page of their own, with a link, with a form.
//
// Each case first does what it then abuses, so that it cannot pass by never
// having reached the place. Who reaches for what another tenant has is package
// isolation's subject.
package attack
