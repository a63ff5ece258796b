// SPDX-License-Identifier: Apache-2.0
'use strict';

const addon = require('./addon.js');
const { enums } = require('./generated.js');
const { toBytes } = require('./codec.js');
const { LinkError, check } = require('./errors.js');
const { EVENT } = require('./loop.js');

/** Of a packet; bytes 2 and 3 say how much follows. */
const HEADER = 8;

/**
 * Carries whole SMP packets: derive from it, or pass send() with the options.
 *
 * What send() throws, or rejects with, takes the link down, and is the `cause` of the LinkError
 * that requests under way end with.
 */
class Transport {
  constructor(options = {}) {
    const { open, send, reset, reopen, close, ...numbers } = options;
    this._options = numbers;
    for (const [name, method] of Object.entries({ open, send, reset, reopen, close })) {
      if (method === undefined) continue;
      if (typeof method !== 'function') throw new TypeError(`${name} must be a function`);
      this[name] = method;
    }
    this._loop = null;
    this._handle = 0;
    this._waiting = []; // packets that send() has no time for yet
    this._sending = false;
    this._part = Buffer.alloc(0); // of a packet, see receivedBytes()
    this._error = undefined;
  }

  /** Called once, before anything is sent. */
  open() {}

  /** Sends one packet.  The next one comes when what this returns is settled. */
  send(packet, peer) { // eslint-disable-line no-unused-vars
    throw new Error('a Transport needs a method send(packet, peer)');
  }

  /** Called when a packet received in part should be forgotten. */
  reset() {}

  /**
   * Called about twice a second while the link is down and somebody waits for it, as an update
   * does after a reset: get it back, and call up().
   */
  reopen() {}

  /** Called once, after everything. */
  close() {}

  // ---- to be called ----

  /** Hands over one whole packet.  For servers `peer` (at most 31 bytes) tells who sent it. */
  received(packet, peer) {
    const bytes = toBytes(packet, 'packet');
    if (!this._isOpen()) return;
    this._loop._soon();
    check(addon.transportReceived(this._loop._hub, this._handle, bytes, peer));
  }

  /** Hands over bytes as they come: a header tells how long its packet is. */
  receivedBytes(data) {
    this._part = Buffer.concat([this._part, toBytes(data, 'data')]);
    for (;;) {
      const size = this._part.length < HEADER ? Infinity : HEADER + this._part.readUInt16BE(2);
      if (this._part.length < size) return;
      const packet = this._part.subarray(0, size);
      this._part = this._part.subarray(size);
      this.received(packet);
    }
  }

  /** The link went away. */
  down(error) {
    this._error ??= error;
    this._part = Buffer.alloc(0);
    if (!this._isOpen()) return;
    addon.transportLink(this._loop._hub, this._handle, enums.ErrorCode.CLOSED);
  }

  /** The link is there again. */
  up() {
    this._error = undefined;
    if (this._isOpen()) addon.transportLink(this._loop._hub, this._handle, 0);
  }

  /** Packets may be so large from now on, header included. */
  setMaxPacket(size) {
    this._options.maxPacket = size;
    if (this._isOpen()) {
      check(addon.transportSetMaxPacket(this._loop._hub, this._handle, size));
    }
  }

  // ---- for Device and Server ----

  _isOpen() {
    return this._loop !== null && !this._loop._closed;
  }

  async _attach(loop) {
    if (this._loop) throw new LinkError('The transport is in use already', 'SMP_ERR_BUSY');
    this._loop = loop;
    try {
      await this.open();
      loop._check();
      this._handle = check(addon.transportNew(loop._hub, { ...this._options }));
    } catch (error) {
      this._loop = null;
      throw error;
    }
    const weak = new WeakRef(this);
    loop._entries.set(this._handle, { event: (kind) => weak.deref()?._event(kind) });
    return this._handle;
  }

  async _close() {
    if (!this._loop) return;
    this._loop._entries.delete(this._handle);
    this._loop = null;
    this._waiting = [];
    await this.close();
  }

  _event(kind) {
    if (kind === EVENT.SEND) {
      const hub = this._loop._hub;
      this._waiting.push([addon.payload(hub), addon.peer(hub)]);
      if (!this._sending) this._sendWaiting();
    } else if (kind === EVENT.RESET) {
      this._part = Buffer.alloc(0);
      this._guard(() => this.reset());
    } else if (kind === EVENT.REOPEN) {
      Promise.resolve().then(() => this.reopen()).catch(() => {}); // there is a next time
    }
  }

  _guard(call) {
    try {
      return call();
    } catch (error) {
      this.down(error);
      return undefined;
    }
  }

  /** Sends what can be sent at once; when send() wants time, the library is told to wait. */
  _sendWaiting() {
    while (this._waiting.length > 0 && this._loop) {
      const result = this._guard(() => this.send(...this._waiting.shift()));
      if (typeof result?.then !== 'function') continue;
      this._sending = true;
      this._writable(false);
      Promise.resolve(result).catch((error) => this.down(error)).then(() => {
        this._sending = false;
        this._sendWaiting();
        if (!this._sending) this._writable(true);
      });
      return;
    }
  }

  _writable(yes) {
    if (this._isOpen()) addon.transportWritable(this._loop._hub, this._handle, yes);
  }
}

module.exports = { Transport };
