// SPDX-License-Identifier: Apache-2.0
'use strict';

// A Loop is one hub of the addon: its sessions, servers and transports, and what waits for them.
// Node's event loop watches it; when something happened, drain() fetches the events.

const addon = require('./addon.js');
const generated = require('./generated.js');
const { KIND, decode } = require('./codec.js');
const { DeviceError, AbortError, SmpError, makeError, check } = require('./errors.js');
const { defineGroup } = require('./custom.js');

/** Places in the scratch memory: src/event.c. */
const AT = {
  KIND: 0, HANDLE: 1, ERROR: 2, SYSTEM_ERROR: 3, GROUP_ID: 4, COMMAND_ID: 5, OP: 6, FLAGS: 7,
  GROUP: 8, RC: 9, OFFSET: 10, LENGTH: 11, EXCHANGE: 12, TRANSPORT: 13, LEVEL: 14, FLAT_LEN: 15,
  PHASE: 16, DONE: 17, TOTAL: 18, START: 19, RATE: 20, LEFT_MS: 21, CHUNK: 22, WINDOW: 23, MORE: 24,
  LINK_DOWN: 25,
};
const FLAT_OFFSET = 256;
const FLAT_MAX = 4096;
const FROM_GROUP = 2;

/** enum shim_event_kind */
const EVENT = {
  DONE: 1, PROGRESS: 2, LINK: 3, LOG: 4, READ: 5, WRITE: 6, SEND: 7, RESET: 8, REQUEST: 9,
  OVERRUN: 10, STARVED: 11, CONSOLE: 12, DRAINED: 13, UPDATE: 14, STEP: 15, DECIDE: 16, REOPEN: 17,
};

const LOG_LEVELS = ['critical', 'error', 'warn', 'info', 'debug'];

/** Turns in a row without the event loop's having had one: others want to live, too. */
const TURNS_MAX = 64;

const atOnce = Promise.resolve();

/** Loops with something under way: the garbage collector must not take them. */
const alive = new Set();
const forgotten = new FinalizationRegistry((hub) => addon.close(hub));

/** An exception of the user's code that belongs to no promise: as if nothing had been in between. */
function rethrow(error) {
  process.nextTick(() => { throw error; });
}

class Loop {
  /** @param options  log: level, onLog: (level, text) => void */
  constructor(options = {}) {
    const { log, onLog = console.error, backlog } = options;
    if (log !== undefined && !LOG_LEVELS.includes(log)) {
      throw new TypeError(`log must be one of ${LOG_LEVELS.join(', ')}`);
    }
    const weak = new WeakRef(this);
    const created = addon.create((error) => weak.deref()?._drain(error), {
      log: log !== undefined, logLevel: Math.max(0, LOG_LEVELS.indexOf(log)), backlog,
    });
    check(created);
    this._hub = created.hub;
    this._numbers = new Float64Array(created.scratch, 0, 32);
    this._flat = Buffer.from(created.scratch, FLAT_OFFSET, FLAT_MAX);
    this._entries = new Map(); // by handle, what gets its events
    this._holds = 0;
    this._onLog = onLog;
    this._groups = generated.groups;
    this._messages = generated.messages;
    this._closed = false;
    this._promised = false;
    this._turns = 0;
    this._turn = () => {
      this._promised = false;
      if (!this._closed) this._fetch(addon.turn(this._hub));
    };
    forgotten.register(this, created.hub, this);
  }

  /** Registers a group of the program's own, before the first connection or server of this loop. */
  defineGroup(id, name, spec) {
    this._check();
    return defineGroup(this, id, name, spec);
  }

  /** How many sessions, transports, requests and so on there are: for tests of leaks. */
  get objects() {
    return this._closed ? 0 : addon.objects(this._hub);
  }

  /** Closes all that was made with it at once; what is under way ends with LinkError. */
  close() {
    if (this._closed) return;
    this._closed = true;
    forgotten.unregister(this);
    addon.close(this._hub);
    alive.delete(this);
    const entries = [...this._entries.values()];
    this._entries.clear();
    for (const entry of entries) entry.closed?.(makeError(generated.enums.ErrorCode.CLOSED));
  }

  _check() {
    if (this._closed) throw makeError(generated.enums.ErrorCode.CLOSED, 'The loop is closed');
  }

  /** As long as somebody holds the loop, it keeps the process alive. */
  _hold() {
    if (this._holds++ > 0 || this._closed) return;
    alive.add(this);
    addon.ref(this._hub, true);
  }

  _release() {
    if (--this._holds > 0 || this._closed) return;
    alive.delete(this);
    addon.ref(this._hub, false);
  }

  /**
   * Said before something is submitted: what it makes due is done as soon as the code that runs
   * now is through, all of it at once, and Node's event loop is not woken for it.
   */
  _soon() {
    if (this._promised || this._turns >= TURNS_MAX) return;
    this._promised = true;
    this._turns++;
    addon.promise(this._hub);
    atOnce.then(this._turn);
  }

  /** Hands out the current event and those behind it. */
  _fetch(some) {
    while (some) {
      const numbers = this._numbers;
      const more = numbers[AT.MORE] !== 0;
      try {
        const kind = numbers[AT.KIND];
        if (kind === EVENT.LOG) this._log();
        else this._entries.get(numbers[AT.HANDLE])?.event(kind, this);
      } catch (exception) {
        rethrow(exception);
      }
      some = more && !this._closed && addon.next(this._hub);
    }
  }

  /** The event loop's turn. */
  _drain(error) {
    this._turns = 0;
    this._fetch(addon.next(this._hub));
    if (error < 0) {
      this.close();
      rethrow(makeError(error, undefined, 'The loop broke'));
    }
  }

  _log() {
    const level = LOG_LEVELS[this._numbers[AT.LEVEL]];
    this._onLog(level, addon.detail(this._hub).text);
  }

  /** The record of the current event. */
  _record(message) {
    const length = this._numbers[AT.FLAT_LEN];
    if (length === 0) return undefined;
    return decode(message, this._messages, length > FLAT_MAX ? addon.flat(this._hub) : this._flat);
  }

  /** The error of the current event. */
  _error(response) {
    const numbers = this._numbers;
    const error = numbers[AT.ERROR];
    const detail = addon.detail(this._hub);
    if (error !== generated.enums.ErrorCode.DEVICE) {
      const made = makeError(error, detail.text);
      if (detail.key !== undefined) made.key = detail.key;
      if (numbers[AT.SYSTEM_ERROR] !== 0) made.systemError = numbers[AT.SYSTEM_ERROR];
      return made;
    }
    const groupId = numbers[AT.FLAGS] & FROM_GROUP ? numbers[AT.GROUP] : null;
    const group = this._groups.find((one) => one.id === groupId)?.name ?? null;
    return new DeviceError(detail.text, {
      ...detail, group, groupId, rc: numbers[AT.RC], response,
    });
  }
}

/** A request that waits for its answer. */
class Request {
  constructor(device, message, resolve, reject, signal) {
    this.device = device; // must not be collected meanwhile
    this.message = message; // null: no fields; undefined: a raw request
    this.resolve = resolve;
    this.reject = reject;
    this.signal = signal;
    this.handle = 0;
    this.abort = undefined;
  }

  start(handle, loop) {
    if (handle < 0) throw this.failure(makeError(handle));
    this.handle = handle;
    loop._entries.set(handle, this);
    loop._hold();
    if (this.signal) {
      this.abort = () => addon.cancel(loop._hub, handle);
      this.signal.addEventListener('abort', this.abort, { once: true });
    }
  }

  event(kind, loop) {
    loop._entries.delete(this.handle);
    loop._release();
    if (this.abort) this.signal.removeEventListener('abort', this.abort);
    const error = loop._numbers[AT.ERROR];
    const value = this.message === undefined ? addon.payload(loop._hub)
      : this.message === null ? undefined : loop._record(this.message);
    if (error === 0) this.resolve(value);
    else this.reject(this.failure(loop._error(value), value));
  }

  failure(error) {
    if (error instanceof AbortError && this.signal?.aborted) error.cause = this.signal.reason;
    const cause = this.device._cause;
    if (cause !== undefined && error.code === 'SMP_ERR_CLOSED') error.cause = cause;
    return error;
  }

  closed(error) {
    if (this.abort) this.signal.removeEventListener('abort', this.abort);
    this.reject(error);
  }
}

function checkSignal(signal) {
  if (signal === undefined || signal === null) return;
  if (typeof signal.addEventListener !== 'function') {
    throw new TypeError('signal must be an AbortSignal');
  }
  if (signal.aborted) throw new AbortError(undefined, signal.reason);
}

let shared;

/** The loop of all that does not name one. */
function defaultLoop() {
  if (!shared || shared._closed) shared = new Loop();
  return shared;
}

/** A loop that somebody passed. */
function loopOf(loop) {
  if (loop === undefined) return defaultLoop();
  if (!(loop instanceof Loop)) throw new TypeError('loop must be a Loop');
  loop._check();
  return loop;
}

module.exports = {
  AT, EVENT, KIND, Loop, Request, SmpError, checkSignal, defaultLoop, loopOf, rethrow,
};
