// Package graphsdk holds no code, only tests: Microsoft's Graph SDK for Go,
// unmodified and at a pinned version, against a lab that runs as a process of
// its own.
//
// The SDK compiles for seven minutes of processor time with four gigabytes of
// memory, so it stands in a module of its own that go.work does not name and
// .ci/run passes over. In this folder:
//
//	GOWORK=off go test ./...
package graphsdk
