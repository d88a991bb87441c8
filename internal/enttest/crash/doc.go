// Package crash holds the tests that kill a server: again and again, in the
// middle of a storm, to look afterwards for everything it had acknowledged; and
// between all the requests of a sign-in, which two servers serve as well as one.
package crash
