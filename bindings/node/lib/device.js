// SPDX-License-Identifier: Apache-2.0
'use strict';

const { EventEmitter } = require('node:events');
const { isIP } = require('node:net');
const dns = require('node:dns');

const addon = require('./addon.js');
const generated = require('./generated.js');
const { encode, toBytes } = require('./codec.js');
const { SmpError, makeError, check } = require('./errors.js');
const { AT, EVENT, Loop, Request, checkSignal, loopOf, rethrow } = require('./loop.js');
const { Transport } = require('./transport.js');
const transfers = require('./transfer.js');
const { Update } = require('./update.js');

const CLOSED = generated.enums.ErrorCode.CLOSED;
const OPS = { read: 0, write: 2 };

/** Devices that nobody refers to any more are closed. */
const forgotten = new FinalizationRegistry(({ loop, session, transport }) => {
  if (loop._closed) return;
  loop._entries.delete(session);
  addon.release(loop._hub, session);
  addon.release(loop._hub, transport);
});

/** A session with one device. */
class Device extends EventEmitter {
  constructor(loop, transport, handle, options) {
    super();
    this._loop = loop;
    this._transport = transport; // a Transport of the program's own, or null
    this._transportHandle = handle;
    this._groups = new Map();
    this._closing = null;
    this._closed = false;
    this._session = addon.sessionNew(loop._hub, handle, { ...options });
    if (this._session < 0) {
      addon.release(loop._hub, handle);
      check(this._session);
    }
    const weak = new WeakRef(this);
    const entry = {
      event: (kind) => weak.deref()?._event(kind),
      closed: () => weak.deref()?._gone(),
    };
    loop._entries.set(this._session, entry);
    if (!transport) loop._entries.set(handle, { event: entry.event });
    forgotten.register(this, { loop, session: this._session, transport: handle }, this);
  }

  get loop() {
    return this._loop;
  }

  get closed() {
    return this._closed || this._closing !== null;
  }

  /** Calls one command: device.call('os.echo', {text: 'hello'}). */
  call(name, request, options) {
    const [group, command] = String(name).split('.');
    const found = this._loop._groups.find((one) => one.name === group)
      ?.commands.find((one) => one.name === command);
    if (!found) return Promise.reject(new TypeError(`there is no command ${name}`));
    return this._call(this._loop._groups.find((one) => one.name === group), found, request,
      options);
  }

  _call(group, command, request, options) {
    return new Promise((resolve, reject) => {
      const loop = this._begin(options);
      const messages = loop._messages;
      let data = null;
      let length = 0;
      if (command.request) {
        const what = `${group.name}.${command.name}`;
        ({ buffer: data, length } = encode(messages[command.request], messages, request ?? {}, what));
      }
      const message = command.response ? messages[command.response] : null;
      loop._soon();
      const pending = new Request(this, message, resolve, reject, options?.signal);
      pending.start(
        addon.call(loop._hub, this._session, group.id, command.id, command.op, data, length), loop);
    });
  }

  /** Sends any CBOR to any group and command, and gives the answer's CBOR. */
  request({ group, command, op = 'read', payload }, options) {
    return new Promise((resolve, reject) => {
      const loop = this._begin(options);
      if (!(op in OPS)) throw new TypeError('op must be "read" or "write"');
      const data = payload === undefined ? null : toBytes(payload, 'payload');
      const pending = new Request(this, undefined, resolve, reject, options?.signal);
      loop._soon();
      pending.start(addon.request(loop._hub, this._session, group, command, OPS[op], data,
        data ? data.length : 0), loop);
    });
  }

  /** A whole firmware update: see Update. */
  update(source, options) {
    return new Update(this, source, options);
  }

  _begin(options) {
    checkSignal(options?.signal);
    if (this.closed) throw makeError(CLOSED, 'The device is closed');
    return this._loop;
  }

  /** The commands of a group: by name, or what defineGroup() gave. */
  group(name) {
    const id = typeof name === 'object' ? name?.id : undefined;
    const group = this._loop._groups.find((one) => one.name === name || one.id === id);
    if (!group) throw new TypeError(`there is no group ${id ?? name} on this loop`);
    let made = this._groups.get(group.name);
    if (!made) {
      made = makeGroup(this, group);
      this._groups.set(group.name, made);
    }
    return made;
  }

  /** What the session has seen so far. */
  stats() {
    this._begin();
    return check(addon.sessionStats(this._loop._hub, this._session));
  }

  /** Requests that may be with the device now. */
  get window() {
    this._begin();
    return check(addon.sessionWindow(this._loop._hub, this._session));
  }

  /** The largest packet that may be sent now, header included. */
  get maxPacket() {
    this._begin();
    return check(addon.sessionMaxPacket(this._loop._hub, this._session));
  }

  /** Text for a shell on the same serial line. */
  print(text) {
    this._begin();
    const data = typeof text === 'string' ? Buffer.from(text) : toBytes(text, 'text');
    check(addon.transportPrint(this._loop._hub, this._transportHandle, data));
  }

  /** Opens a serial port again that went away: now and then, until it does not throw. */
  reopen() {
    this._begin();
    check(addon.transportReopen(this._loop._hub, this._transportHandle));
  }

  /** Lets what was begun come to its end, then closes. */
  close() {
    if (this._closing) return this._closing;
    if (this._closed) return Promise.resolve();
    this._closing = new Promise((resolve) => {
      this._drained = resolve;
      this._loop._hold();
      if (addon.sessionClose(this._loop._hub, this._session) < 0) this._gone();
    }).then(() => this._transport?._close());
    return this._closing;
  }

  /** Closes at once: what is under way ends with LinkError. */
  destroy() {
    if (this._closed) return;
    this._gone();
    this._transport?._close().catch(rethrow);
  }

  _gone() {
    if (this._closed) return;
    const loop = this._loop;
    this._closed = true;
    forgotten.unregister(this);
    loop._entries.delete(this._session);
    loop._entries.delete(this._transportHandle);
    addon.release(loop._hub, this._session);
    addon.release(loop._hub, this._transportHandle);
    if (this._drained) {
      loop._release();
      this._drained();
    }
    process.nextTick(() => this.emit('close'));
  }

  get _cause() {
    return this._transport?._error;
  }

  _event(kind) {
    if (kind === EVENT.DRAINED) {
      this._gone();
    } else if (kind === EVENT.CONSOLE) {
      this.emit('console', addon.payload(this._loop._hub));
    } else if (kind === EVENT.LINK) {
      const error = this._loop._numbers[AT.ERROR];
      if (error === 0) this.emit('up');
      else this.emit('down', makeError(error));
    }
  }
}

if (Symbol.asyncDispose) {
  Device.prototype[Symbol.asyncDispose] = function dispose() {
    return this.close();
  };
}

// ---- groups ----

const EXTRAS = { img: transfers.img, fs: transfers.fs, stat: transfers.stat };

function makeGroup(device, group) {
  const methods = {};
  for (const command of group.commands) {
    methods[command.name] = command.request
      ? (request, options) => device._call(group, command, request, options)
      : (options) => device._call(group, command, undefined, options);
  }
  return Object.freeze({ ...methods, ...EXTRAS[group.name]?.(device, methods) });
}

for (const { name } of generated.groups) {
  Object.defineProperty(Device.prototype, name, {
    get() {
      return this.group(name);
    },
  });
}

// ---- connecting ----

/** Host names in a URL become addresses: the library itself never waits for a name server. */
async function resolveUrl(url) {
  const match = /^udp:\/\/([^/?#:[\]]+)(:\d+)?$/.exec(url);
  if (!match || isIP(match[1])) return url;
  const { address, family } = await dns.promises.lookup(match[1]);
  return `udp://${family === 6 ? `[${address}]` : address}${match[2] ?? ''}`;
}

/** Opens a transport by URL or takes one of the program's own: [its handle, the object or null]. */
async function openTransport(loop, target, open) {
  if (target instanceof Transport) return [await target._attach(loop), target];
  if (typeof target !== 'string' && !(target instanceof URL)) {
    throw new TypeError('the address must be a URL or a Transport');
  }
  const url = await resolveUrl(String(target));
  loop._check();
  const handle = open(loop._hub, url);
  if (handle < 0) throw makeError(handle, addon.openText(loop._hub));
  return [handle, null];
}

/** Connects to a device: by URL, or over a Transport of the program's own. */
async function connect(target, options = {}) {
  const { signal, loop: wanted, faults, ...session } = options;
  checkSignal(signal);
  const loop = loopOf(wanted);
  const [handle, transport] = await openTransport(loop, target, addon.open);
  try {
    checkSignal(signal);
    if (faults) check(addon.transportFaults(loop._hub, handle, { ...faults }));
    return new Device(loop, transport, handle, session);
  } catch (error) {
    addon.release(loop._hub, handle);
    await transport?._close();
    throw error;
  }
}

/** The serial ports of this machine. */
function ports() {
  return check(addon.ports(loopOf()._hub));
}

module.exports = { Device, Loop, SmpError, connect, openTransport, ports };
