// SPDX-License-Identifier: Apache-2.0
'use strict';

// Images and files, sent and received.

const addon = require('./addon.js');
const { AT, EVENT } = require('./loop.js');
const { Operation, OperationRequest, numbersOf } = require('./operation.js');
const { openSource } = require('./source.js');
const { openSink } = require('./sink.js');
const { makeError } = require('./errors.js');
const { enums } = require('./generated.js');

const PHASES = ['starting', 'sending', 'done'];

class Transfer extends Operation {
  _paused = false; // the program wants it
  _writing = new Set(); // what a slow sink is busy with

  /** Sends nothing more until resume(). */
  pause() {
    this._paused = true;
    this._flow();
  }

  resume() {
    this._paused = false;
    this._flow();
  }

  /** Stands still as long as there is a reason for it. */
  _flow() {
    if (!this._request) return;
    const change = this._paused || this._writing.size > 0 ? addon.transferPause : addon.transferContinue;
    change(this._hub(), this._request.handle);
  }

  _begun() {
    if (this._paused) this._flow();
  }

  /** All has come; now the sink takes its time, and may fail still. */
  async _written() {
    await Promise.all(this._writing);
    if (this._cause === undefined) return;
    const error = makeError(enums.ErrorCode.SINK);
    error.cause = this._cause;
    throw error;
  }
}

class TransferRequest extends OperationRequest {
  event(kind, loop) {
    if (kind === EVENT.PROGRESS) {
      this.operation._moved(progressOf(loop._numbers));
    } else if (kind === EVENT.READ) {
      this.read(loop, loop._numbers[AT.OFFSET], loop._numbers[AT.LENGTH]);
    } else if (kind === EVENT.WRITE) {
      this.write(loop, loop._numbers[AT.OFFSET], addon.payload(loop._hub));
    } else {
      super.event(kind, loop);
    }
  }

  async read(loop, offset, length) {
    try {
      const data = await this.operation._source.read(offset, length);
      loop._soon();
      const error = addon.sourceData(loop._hub, this.handle, offset, data);
      if (error === enums.ErrorCode.INVALID) {
        throw new RangeError(`${length} bytes were asked for, and ${data?.length} came`);
      }
    } catch (error) {
      this.broken(loop, error);
    }
  }

  write(loop, offset, data) {
    const { operation } = this;
    let written;
    try {
      written = operation._sink.write(offset, data);
    } catch (error) {
      this.broken(loop, error);
    }
    if (typeof written?.then !== 'function') return;
    // A slow sink: ask for no more until it is through.
    const task = Promise.resolve(written).catch((error) => this.broken(loop, error)).then(() => {
      operation._writing.delete(task);
      operation._flow();
    });
    operation._writing.add(task);
    operation._flow();
  }

  broken(loop, error) {
    this.operation._cause ??= error;
    if (!loop._closed) addon.transferFail(loop._hub, this.handle);
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

function img(device) {
  return {
    upload: (source, options) => new Transfer(device, options, async (transfer) => {
      const opened = await openSource(source);
      transfer._source = opened;
      const data = await opened.all();
      if (data.length === 0) throw makeError(enums.ErrorCode.INVALID, 'The image is empty');
      const numbers = numbersOf(options);
      numbers.hash ??= ownHash(data);
      const message = device._loop._messages.smp_img_upload_rsp;
      return transfer._start(TransferRequest, message, (hub, session) =>
        addon.imgUpload(hub, session, data, 0, numbers));
    }),
  };
}

function fs(device) {
  return {
    upload: (name, source, options) => new Transfer(device, options, async (transfer) => {
      const opened = await openSource(source);
      transfer._source = opened;
      const message = device._loop._messages.smp_fs_upload_rsp;
      await transfer._start(TransferRequest, message, (hub, session) => addon.fsUpload(hub, session,
        name, opened.data ?? null, opened.size, numbersOf(options)));
    }),
    download: (name, options) => new Transfer(device, options, async (transfer) => {
      const opened = await openSink(options?.to, options?.resume ?? 0);
      transfer._sink = opened;
      const message = device._loop._messages.smp_fs_download_rsp;
      await transfer._start(TransferRequest, message, (hub, session) =>
        addon.fsDownload(hub, session, name, numbersOf(options)));
      await transfer._written();
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
