// SPDX-License-Identifier: Apache-2.0

package smp

import "libsmp/smp/internal/shim"

// dialFaulty opens a session over a link that loses, doubles and reorders packets.
func (l *Loop) dialFaulty(address string) (*Session, error) {
	var transport int64
	l.do(func(c *shim.Shim) {
		transport = c.Open(address)
		c.TransportFaults(transport, shim.Faults{Seed: 1, Drop: 20000, Duplicate: 20000, Reorder: 20000})
	})
	return l.session("dial", transport, &SessionOptions{Timeout: 100 * 1e6, Tries: 20}, nil)
}
