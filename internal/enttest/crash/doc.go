// Package crash holds the test that kills a server, again and again, in the
// middle of a storm, and looks afterwards for everything it had acknowledged.
package crash
