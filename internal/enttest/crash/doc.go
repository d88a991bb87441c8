// Package crash holds the tests that kill a server: again and again, in the
// middle of a storm, to look afterwards for everything it had acknowledged; and
// between all the requests of a sign-in, which two servers serve as well as one. One
// has the built program serve an installation in two processes, kills one while access
// is asked for, delivered and ended, and has the other carry on.
package crash
