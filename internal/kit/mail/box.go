package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// maxKept is how many messages a box keeps; the oldest go first.
const maxKept = 500

// A Box is a sender that keeps messages instead of sending them, for a lab and
// for tests. The zero value is empty and forgets with the process.
type Box struct {
	mu   sync.Mutex
	file string // or ""
	kept []Message
}

// OpenBox returns a box that keeps its messages in a file as well, with those
// that the file has.
func OpenBox(file string) (*Box, error) {
	b := &Box{file: file}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &b.kept)
	}
	if err != nil {
		return nil, fmt.Errorf("kept mail: %w", err)
	}
	return b, nil
}

// Send keeps m. A message with an identifier that is there takes its place, as
// a recipient's program would show one.
func (b *Box) Send(_ context.Context, m Message) error {
	if err := m.check(); err != nil {
		return permanent{err}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(b.kept), func(k Message) bool { return k.ID == m.ID })
	next = append(next, m)
	if over := len(next) - maxKept; over > 0 {
		next = slices.Delete(next, 0, over)
	}
	if err := b.write(next); err != nil {
		return err
	}
	b.kept = next
	return nil
}

// write stores the messages, as a whole or not at all.
func (b *Box) write(all []Message) error {
	if b.file == "" {
		return nil
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(b.file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(b.file+".new", b.file)
}

// All returns the messages, the latest first.
func (b *Box) All() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.kept)
	slices.Reverse(all)
	return all
}

// Find returns the message of an identifier, and whether there is one.
func (b *Box) Find(id string) (Message, bool) {
	for _, m := range b.All() {
		if m.ID == id {
			return m, true
		}
	}
	return Message{}, false
}
