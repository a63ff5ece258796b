// SPDX-License-Identifier: Apache-2.0
'use strict';

// Images and files, sent and received.  A Transfer is a promise of the end, and an async iterable
// of the progress.

const addon = require('./addon.js');
const { AT, EVENT, Request, checkSignal } = require('./loop.js');
const { openSource } = require('./source.js');
const { openSink } = require('./sink.js');
const { AbortError, makeError } = require('./errors.js');
const { enums } = require('./generated.js');

const PHASES = ['starting', 'sending', 'done', 'paused', 'reconnecting'];

class Transfer {
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
    return 'Transfer';
  }

  /** How far it is, or undefined before the first answer. */
  get progress() {
    return this._progress;
  }

  /** The newest progress, each time there is a newer one; ends as the transfer ends. */
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

  /** Sends nothing more until resume(). */
  pause() {
    if (this._request) addon.transferPause(this._hub(), this._request.handle);
  }

  resume() {
    if (this._request) addon.transferContinue(this._hub(), this._request.handle);
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

  /** @param start  calls the addon and gives the handle */
  _start(start, message) {
    return new Promise((resolve, reject) => {
      checkSignal(this._signal);
      if (this._cancelled) throw new AbortError();
      const loop = this._device._begin();
      const request = new TransferRequest(this, message, resolve, reject);
      request.start(start(loop._hub, this._device._session), loop);
      this._request = request;
    });
  }
}

/** The request behind a transfer has more events than its end. */
class TransferRequest extends Request {
  constructor(transfer, message, resolve, reject) {
    super(transfer._device, message, resolve, reject, transfer._signal);
    this.transfer = transfer;
  }

  event(kind, loop) {
    const { transfer } = this;
    if (kind === EVENT.PROGRESS) {
      transfer._progress = progressOf(loop._numbers);
      transfer._count++;
      transfer._wake();
    } else if (kind === EVENT.READ) {
      this.read(loop, loop._numbers[AT.OFFSET], loop._numbers[AT.LENGTH]);
    } else if (kind === EVENT.WRITE) {
      this.write(loop, loop._numbers[AT.OFFSET], addon.payload(loop._hub));
    } else {
      transfer._request = null;
      super.event(kind, loop);
    }
  }

  async read(loop, offset, length) {
    try {
      const data = await this.transfer._source.read(offset, length);
      loop._soon();
      const error = addon.sourceData(loop._hub, this.handle, offset, data);
      if (error === enums.ErrorCode.INVALID) {
        throw new RangeError(`${length} bytes were asked for, and ${data?.length} came`);
      }
    } catch (error) {
      this.broken(loop, error);
    }
  }

  async write(loop, offset, data) {
    try {
      const { _sink: sink } = this.transfer;
      const written = sink.write(offset, data);
      if (written === undefined) return;
      // A slow sink: ask for no more until it is through.
      addon.transferPause(loop._hub, this.handle);
      await written;
      addon.transferContinue(loop._hub, this.handle);
    } catch (error) {
      this.broken(loop, error);
    }
  }

  broken(loop, error) {
    this.transfer._cause ??= error;
    if (!loop._closed) addon.transferFail(loop._hub, this.handle);
  }

  failure(error) {
    const failed = super.failure(error);
    if (this.transfer._cause !== undefined) failed.cause = this.transfer._cause;
    return failed;
  }
}

function progressOf(numbers) {
  return {
    phase: PHASES[numbers[AT.PHASE]],
    done: numbers[AT.DONE],
    total: numbers[AT.TOTAL],
    start: numbers[AT.START],
    rate: numbers[AT.RATE],
    leftMs: numbers[AT.LEFT_MS],
    chunk: numbers[AT.CHUNK],
    window: numbers[AT.WINDOW],
  };
}

/** The image's own hash, which tells the library that all has arrived if the last answer is lost. */
function ownHash(data) {
  const image = addon.imageRead(data, false);
  return image.error === 0 ? image.hash : undefined;
}

function withoutSignal(options) {
  const { signal, to, ...rest } = options ?? {};
  return rest;
}

function img(device) {
  return {
    upload: (source, options) => new Transfer(device, options, async (transfer) => {
      const opened = await openSource(source);
      transfer._source = opened;
      const data = await opened.all();
      if (data.length === 0) throw makeError(enums.ErrorCode.INVALID, 'The image is empty');
      const numbers = withoutSignal(options);
      numbers.hash ??= ownHash(data);
      const message = device._loop._messages.smp_img_upload_rsp;
      return transfer._start((hub, session) =>
        addon.imgUpload(hub, session, data, 0, numbers), message);
    }),
  };
}

function fs(device) {
  return {
    upload: (name, source, options) => new Transfer(device, options, async (transfer) => {
      const opened = await openSource(source);
      transfer._source = opened;
      const message = device._loop._messages.smp_fs_upload_rsp;
      await transfer._start((hub, session) => addon.fsUpload(hub, session, name,
        opened.data ?? null, opened.size, withoutSignal(options)), message);
    }),
    download: (name, options) => new Transfer(device, options, async (transfer) => {
      const opened = await openSink(options?.to, options?.resume ?? 0);
      transfer._sink = opened;
      const message = device._loop._messages.smp_fs_download_rsp;
      await transfer._start((hub, session) =>
        addon.fsDownload(hub, session, name, withoutSignal(options)), message);
      return opened.result();
    }),
  };
}

function stat(device, methods) {
  return {
    /** Every section with its counters. */
    async *all(options) {
      for (const name of (await methods.list(options)).names) {
        yield [name, (await methods.read({ name }, options)).fields];
      }
    },
  };
}

module.exports = { Transfer, img, fs, stat };
