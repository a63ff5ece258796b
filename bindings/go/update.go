// SPDX-License-Identifier: Apache-2.0

package smp

import (
	"context"
	"io"
	"time"

	"libsmp/smp/internal/shim"
)

// UpdateProgress says how far an update is.
type UpdateProgress struct {
	Phase    int           // UpdatePhaseUploading, ...
	LinkDown bool          // the link is lost, and being opened again
	Done     int64         // uploading: bytes the device has; else milliseconds waited
	Total    int64         // of them; 0 where there is nothing to wait for
	Start    int64         // uploading: bytes the device had already
	Rate     int64         // uploading: bytes a second, 0 while unknown
	Left     time.Duration // uploading: estimated, 0 while unknown
}

// Name of the phase: "uploading".
func (p UpdateProgress) Name() string { return shim.UpdatePhaseName(p.Phase) }

// An UpdateStep has ended: what an audit log keeps.
type UpdateStep struct {
	Phase  int   // UpdatePhaseUploading, ...; UpdatePhaseDone: the whole update
	Err    error // nil, or why it failed; it may be tried again
	Report *UpdateReport
}

// Name of the step: "uploading".
func (s UpdateStep) Name() string { return shim.UpdatePhaseName(s.Phase) }

// StateName is what the device is left with, in a word: "trial".
func (m *UpdateReport) StateName() string { return shim.UpdateStateName(m.State) }

// UpdateOptions say what to do, and how far to go; zero means default.  The functions are called
// in the goroutine that called Update.
type UpdateOptions struct {
	// Progress is called when a phase begins, and when something moved.
	Progress func(UpdateProgress)
	// Step is called at the end of each step.
	Step func(UpdateStep)
	// Decide is asked when the new image runs, on trial: UpdateDecisionYes confirms it,
	// UpdateDecisionNo goes back to the old one, UpdateDecisionLeave does neither.  Meanwhile
	// the session is free for a look at the device.  ctx ends with the update.
	Decide func(ctx context.Context, report *UpdateReport) int
	// Goal is how far to go without Decide: UpdateStateUploaded, UpdateStateMarked,
	// UpdateStateTrial (the default) or UpdateStateConfirmed.
	Goal int

	Image       int    // number of the image, 0 for the application
	Key         []byte // PEM of a public key that must have signed the image
	NoDowngrade bool   // refuse an image older than the one that runs
	Again       bool   // upload even when the device holds this image already
	ForceReset  bool   // reset with force
	Recovery    bool   // the device is in MCUboot's serial recovery: upload and reset only

	Wait         time.Duration // for the device to come back after a reset.  Default 2 min
	Link         time.Duration // for a lost link at other times.  Default 30 s
	Busy         time.Duration // for a device that is busy.  Default 10 s
	DecideWithin time.Duration // then the image stays on trial: ErrTimeout.  Default 10 min

	Window     int // of the upload, as in [TransferOptions]; so are the next three
	Chunk      int
	FirstChunk time.Duration
	Stall      time.Duration
}

func (o *UpdateOptions) c() shim.UpdateOptions {
	return shim.UpdateOptions{
		Image: count(o.Image), Goal: o.Goal, Recovery: o.Recovery, NoDowngrade: o.NoDowngrade,
		Again: o.Again, Force: o.ForceReset, Key: o.Key, Ask: o.Decide != nil,
		Wait: milliseconds(o.Wait), Link: milliseconds(o.Link), Busy: milliseconds(o.Busy),
		DecideWithin: milliseconds(o.DecideWithin), Window: count(o.Window),
		Chunk: count(o.Chunk), FirstChunk: milliseconds(o.FirstChunk), Stall: milliseconds(o.Stall),
	}
}

// Update does a whole firmware update: it checks the image, uploads it, marks it for a trial,
// resets the device, waits for it, and sees that the new image runs.  Then Decide or Goal says what
// becomes of it: nothing is confirmed by itself, and without either the next reset brings the old
// image back.  Started again, an update goes on where an earlier one ended.
//
// The report says in a sentence what was reached; it is there with most errors, too.  options may
// be nil.
func (s *Session) Update(ctx context.Context, image io.Reader, options *UpdateOptions) (*UpdateReport, error) {
	const op = "update"
	if options == nil {
		options = &UpdateOptions{}
	}
	if image == nil {
		return nil, failed(op, int(ErrInvalid))
	}
	file, err := io.ReadAll(image)
	if err != nil {
		return nil, &Error{Op: op, Code: ErrSource, Err: err}
	}
	if s == nil {
		return nil, failed(op, int(ErrInvalid))
	}
	u := &update{operation: newOperation(s, op), options: options}
	u.ctx, u.ended = context.WithCancel(ctx)
	defer u.ended()
	end, err := u.run(ctx, func(c *shim.Shim) int64 { return c.Update(s.handle, file, options.c()) }, u.work)
	if end == nil {
		return nil, err
	}
	report := reportOf(end)
	switch e := err.(type) { // the report knows the step, too
	case *Error:
		e.text = report.Text
	case *DeviceError:
		e.line = report.Text
	}
	return report, err
}

// An update under way.
type update struct {
	operation
	options *UpdateOptions
	ctx     context.Context // for Decide
}

func (u *update) work(ev *shim.Event) {
	switch ev.Kind {
	case shim.Update:
		if p := &ev.Update; u.options.Progress != nil {
			u.options.Progress(UpdateProgress{
				Phase: p.Phase, LinkDown: p.LinkDown, Done: int64(p.Done), Total: int64(p.Total),
				Start: int64(p.Start), Rate: int64(p.Rate),
				Left: time.Duration(p.Left) * time.Millisecond,
			})
		}
	case shim.Step:
		if u.options.Step != nil {
			step := UpdateStep{Phase: ev.Update.Phase, Report: reportOf(ev)}
			if ev.Err != 0 {
				step.Err = &Error{Op: u.name, Code: ErrorCode(ev.Err), text: step.Report.Text}
			}
			u.options.Step(step)
		}
	case shim.Decide:
		u.decide(reportOf(ev))
	}
}

func (u *update) decide(report *UpdateReport) {
	decision := u.options.Decide(u.ctx, report)
	if u.ctx.Err() != nil {
		return // it ends, or has ended
	}
	if decision != UpdateDecisionYes && decision != UpdateDecisionNo {
		decision = UpdateDecisionLeave
	}
	u.session.loop.do(func(c *shim.Shim) { c.UpdateDecide(u.handle, decision) })
}

func reportOf(ev *shim.Event) *UpdateReport {
	report := new(UpdateReport)
	if len(ev.Flat) > 0 {
		report.decode(&reader{ev.Flat})
	}
	return report
}
