// SPDX-License-Identifier: Apache-2.0

//go:build race

package smp

// The race detector remembers every goroutine: the process grows whatever the program does.
const raceDetector = true
