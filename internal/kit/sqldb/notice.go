package sqldb

import "sync"

// notices wake goroutines of this process. They spare waiting, not looking:
// what another server commits is found by polling only.
type notices struct {
	mu     sync.Mutex
	topics map[string]chan struct{}
}

// Notified returns a channel that is closed when a transaction that called
// Tx.Notify with topic next commits in this process.
func (d *DB) Notified(topic string) <-chan struct{} {
	n := &d.notices
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.topics == nil {
		n.topics = map[string]chan struct{}{}
	}
	if n.topics[topic] == nil {
		n.topics[topic] = make(chan struct{})
	}
	return n.topics[topic]
}

func (n *notices) ring(topic string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c := n.topics[topic]; c != nil {
		close(c)
		delete(n.topics, topic)
	}
}
