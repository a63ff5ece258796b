// SPDX-License-Identifier: Apache-2.0

package smp

import "sync"

// A mailbox runs functions one after the other, on a goroutine that exists while there are some.
// Posting never blocks, so the loop can do it.
type mailbox struct {
	mu      sync.Mutex
	waiting []func()
	running bool
}

func (m *mailbox) post(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting = append(m.waiting, f)
	if !m.running {
		m.running = true
		go m.run()
	}
}

func (m *mailbox) run() {
	for {
		m.mu.Lock()
		batch := m.waiting
		m.waiting = nil
		m.running = len(batch) > 0
		m.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, f := range batch {
			f()
		}
	}
}
