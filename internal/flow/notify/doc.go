// Package notify tells people, by mail, what has happened or what waits for
// them.
//
//	waiting → sent, dropped, failed
//	failed → sent, dropped
//	sent, dropped: final
//
// A message is a row, stored with the job that sends it in the transaction of
// its cause: there is no cause without its message and no message without its
// cause. The row says what the message is about and holds no secret; what it
// says is put together when it is sent, by whoever knows the cause (a Writer),
// so that it tells what is true then. A writer with nothing to say any more
// drops the message.
//
// A message is sent at least once, and again only when a server ended between
// the mail server's word and ours; its identifier stays the same, so that the
// recipient's program knows the second copy. What the mail server refuses for
// now is tried for about two days with growing pauses. What it refuses for good
// has failed, stands in the tenant's audit log and stays as a dead job, which
// the operator may try again.
//
// Each kind of message has a template for its text and one for its HTML in each
// language, below templates. English is there; a language is one more folder.
// Names and words of people are shown inert: package inert cleans them, the
// templates escape them.
package notify
