// SPDX-License-Identifier: Apache-2.0
'use strict';

// A whole firmware update as one operation.

const { promises: files } = require('node:fs');

const addon = require('./addon.js');
const { AT, EVENT } = require('./loop.js');
const { Operation, OperationRequest, numbersOf } = require('./operation.js');
const { openSource } = require('./source.js');
const { makeError } = require('./errors.js');
const { enums } = require('./generated.js');

const { UpdateDecision } = enums;
const PHASES = Object.keys(enums.UpdatePhase).map((name) => name.toLowerCase());

class Update extends Operation {
  constructor(device, source, options) {
    super(device, options, async (update) => {
      for (const name of ['decide', 'onStep']) {
        if (options?.[name] !== undefined && typeof options[name] !== 'function') {
          throw new TypeError(`${name} must be a function`);
        }
      }
      update._options = options ?? {};
      update._source = await openSource(source);
      const data = await update._source.all();
      const key = await pemOf(options?.key);
      const numbers = { ...numbersOf(options), key };
      const message = device._loop._messages.smp_update_report;
      const report = await update._start(UpdateRequest, message, (hub, session) =>
        addon.update(hub, session, data, numbers, options?.decide !== undefined));
      if (update._cause !== undefined) throw update._cause; // of decide()
      return report;
    });
  }
}

/** A key that is given as PEM text, as bytes, or as a file's path. */
async function pemOf(key) {
  if (key === undefined || key instanceof Uint8Array) return key;
  if (String(key).includes('-----BEGIN')) return Buffer.from(String(key));
  return files.readFile(key);
}

class UpdateRequest extends OperationRequest {
  event(kind, loop) {
    const { operation } = this;
    if (kind === EVENT.UPDATE) {
      operation._moved(progressOf(loop._numbers));
    } else if (kind === EVENT.STEP) {
      this.step(loop);
    } else if (kind === EVENT.DECIDE) {
      this.decide(loop, loop._record(this.message));
    } else {
      super.event(kind, loop);
    }
  }

  step(loop) {
    const { onStep } = this.operation._options;
    if (!onStep) return;
    const report = loop._record(this.message);
    const error = loop._numbers[AT.ERROR];
    onStep({
      phase: PHASES[loop._numbers[AT.PHASE]],
      error: error === 0 ? undefined : makeError(error, report.text),
      report,
    });
  }

  /** Who cannot decide leaves the image on trial. */
  async decide(loop, report) {
    let verdict = UpdateDecision.LEAVE;
    try {
      const good = await this.operation._options.decide(report);
      if (good === true) verdict = UpdateDecision.YES;
      if (good === false) verdict = UpdateDecision.NO;
    } catch (error) {
      this.operation._cause = error;
    }
    loop._soon();
    addon.updateDecide(loop._hub, this.handle, verdict);
  }

  failure(error, report) {
    const failed = super.failure(error);
    if (report?.text) failed.message = report.text;
    failed.report = report;
    return failed;
  }
}

function progressOf(numbers) {
  return {
    phase: PHASES[numbers[AT.PHASE]],
    linkDown: numbers[AT.LINK_DOWN] !== 0,
    done: numbers[AT.DONE],
    total: numbers[AT.TOTAL],
    start: numbers[AT.START],
    rate: numbers[AT.RATE],
    leftMs: numbers[AT.LEFT_MS],
  };
}

module.exports = { Update };
