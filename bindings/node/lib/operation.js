// SPDX-License-Identifier: Apache-2.0
'use strict';

// What takes long: a promise of the end, and an async iterable of the progress.

const addon = require('./addon.js');
const { Request, checkSignal } = require('./loop.js');
const { AbortError } = require('./errors.js');

class Operation {
  /** @param begin  async: prepares, and calls _start() */
  constructor(device, options, begin) {
    this._device = device;
    this._signal = options?.signal;
    this._progress = undefined;
    this._count = 0;
    this._ended = false;
    this._waiting = [];
    this._request = null;
    this._source = null;
    this._sink = null;
    this._cause = undefined;
    this._cancelled = false;
    this._promise = new Promise((resolve, reject) => {
      this._resolve = resolve;
      this._reject = reject;
    });
    this._run(begin, options);
  }

  then(fulfilled, rejected) {
    return this._promise.then(fulfilled, rejected);
  }

  catch(rejected) {
    return this._promise.catch(rejected);
  }

  finally(always) {
    return this._promise.finally(always);
  }

  get [Symbol.toStringTag]() {
    return this.constructor.name;
  }

  /** How far it is, or undefined before the first answer. */
  get progress() {
    return this._progress;
  }

  /** The newest progress, each time there is a newer one; ends as the operation ends. */
  async *[Symbol.asyncIterator]() {
    this._promise.catch(() => {}); // thrown here instead
    let seen = 0;
    for (;;) {
      if (this._count > seen) {
        seen = this._count;
        yield this._progress;
      } else if (this._ended) {
        await this._promise;
        return;
      } else {
        await new Promise((resolve) => this._waiting.push(resolve));
      }
    }
  }

  /** Ends it with AbortError. */
  cancel() {
    this._cancelled = true;
    if (this._request) addon.cancel(this._hub(), this._request.handle);
  }

  _hub() {
    return this._device._loop._hub;
  }

  async _run(begin, options) {
    try {
      this._device._begin(options);
      const value = await begin(this);
      await this._sink?.close(true);
      await this._source?.close();
      this._end(this._resolve, value);
    } catch (error) {
      // What closing says now would only hide why.
      await this._sink?.close(false).catch(() => {});
      await this._source?.close().catch(() => {});
      this._end(this._reject, error);
    }
  }

  _end(settle, value) {
    this._ended = true;
    settle(value);
    this._wake();
  }

  _wake() {
    const waiting = this._waiting;
    this._waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Progress for who iterates. */
  _moved(progress) {
    this._progress = progress;
    this._count++;
    this._wake();
  }

  /** @param start  calls the addon and gives the handle */
  _start(OperationRequest, message, start) {
    return new Promise((resolve, reject) => {
      checkSignal(this._signal);
      if (this._cancelled) throw new AbortError();
      const loop = this._device._begin();
      const request = new OperationRequest(this, message, resolve, reject);
      loop._soon();
      request.start(start(loop._hub, this._device._session), loop);
      this._request = request;
      this._begun();
    });
  }

  /** For those that have something to do once the library knows of them. */
  _begun() {}
}

/** The request behind an operation has more events than its end. */
class OperationRequest extends Request {
  constructor(operation, message, resolve, reject) {
    super(operation._device, message, resolve, reject, operation._signal);
    this.operation = operation;
  }

  event(kind, loop) {
    this.operation._request = null;
    super.event(kind, loop);
  }

  failure(error) {
    const failed = super.failure(error);
    if (this.operation._cause !== undefined) failed.cause = this.operation._cause;
    return failed;
  }
}

/** Options of C, without those that are JavaScript's. */
function numbersOf(options) {
  const { signal, to, decide, onStep, ...rest } = options ?? {};
  return rest;
}

module.exports = { Operation, OperationRequest, numbersOf };
