// Package provision gives resource roles to objects of a tenant and takes them
// back, through connectors.
//
// A grant is one role that one object has. Each source that wants it, such as an
// assignment of an access package, has a row of its own with what became of it:
//
//	wanted → given, pending, failed, unwanted
//	pending → given, failed, unwanted
//	failed → wanted, unwanted
//	given → wanted, unwanted
//	unwanted → wanted
//
// What is unwanted and taken is gone with its row; what could not be taken stays
// unwanted, with the error, and is tried again.
//
// A connector gives and takes for one cause (core/object): what another source
// wants as well stays, and so does what somebody had before or was given by hand.
// Giving twice is giving once. Where the end of a cause is known it is kept with
// what was given, so that it ends to the second even if nobody is there to take
// it.
//
// Want and Apply go step by step, for one source, so that what fails shows alone.
// Fulfil does the same for many sources at once and all or nothing.
//
// Nothing here decides who may have what. The caller has, and stores sources
// only after that.
package provision
