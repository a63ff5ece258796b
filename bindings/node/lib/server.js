// SPDX-License-Identifier: Apache-2.0
'use strict';

const { EventEmitter } = require('node:events');

const addon = require('./addon.js');
const { encode } = require('./codec.js');
const { SmpError, check } = require('./errors.js');
const { AT, EVENT, loopOf, rethrow } = require('./loop.js');
const { enums } = require('./generated.js');
const { openTransport } = require('./device.js');

/** What a handler throws to refuse a request. */
class Refusal extends Error {
  /**
   * @param rc       a code of enum Rc, or with ofGroup one of the command's own group
   * @param options  ofGroup, reason (text; global codes only)
   */
  constructor(rc, { ofGroup = false, reason } = {}) {
    super(reason ?? `refused with ${ofGroup ? 'the group\'s ' : ''}code ${rc}`);
    this.rc = rc;
    this.ofGroup = ofGroup;
    this.reason = reason;
  }

  get name() {
    return 'Refusal';
  }
}

/** Answers requests, as a device does. */
class Server extends EventEmitter {
  constructor(options = {}) {
    super();
    const { loop, ...rest } = options;
    this._loop = loopOf(loop);
    this._handlers = new Map();
    this._transports = [];
    this._closed = false;
    this._held = false;
    this._server = check(addon.serverNew(this._loop._hub, rest));
    this._loop._entries.set(this._server, this);
  }

  /** Sets the handler of a command, as "os.echo": (request) => the response's fields. */
  handle(name, handler) {
    const [groupName, commandName] = String(name).split('.');
    const group = this._loop._groups.find((one) => one.name === groupName);
    const command = group?.commands.find((one) => one.name === commandName);
    if (!command) throw new TypeError(`there is no command ${name}`);
    if (typeof handler !== 'function') throw new TypeError('the handler must be a function');
    this._check();
    check(addon.serverHandle(this._loop._hub, this._server, group.id, command.id, command.op, true),
      name);
    this._handlers.set(`${group.id}.${command.id}.${command.op}`, { name, command, handler });
    return this;
  }

  /** Serves an address, "udp://127.0.0.1:0", or a Transport; gives the URL it can be reached at. */
  async listen(target, { faults } = {}) {
    this._check();
    const [handle, transport] = await openTransport(this._loop, target, addon.listen);
    try {
      this._check();
      if (faults) check(addon.transportFaults(this._loop._hub, handle, { ...faults }));
      check(addon.serverListen(this._loop._hub, this._server, handle));
    } catch (error) {
      addon.release(this._loop._hub, handle);
      await transport?._close();
      throw error;
    }
    this._transports.push([handle, transport]);
    this.ref();
    const url = transport ? undefined : addon.transportUrl(this._loop._hub, handle);
    return typeof url === 'string' ? url : String(target);
  }

  /** Whether listening keeps the process alive; it does unless unref() was called. */
  ref() {
    if (!this._held && !this._closed) this._loop._hold();
    this._held = true;
    return this;
  }

  unref() {
    if (this._held && !this._closed) this._loop._release();
    this._held = false;
    return this;
  }

  async close() {
    if (this._closed) return;
    this.unref();
    this._closed = true;
    this._loop._entries.delete(this._server);
    addon.release(this._loop._hub, this._server);
    for (const [handle, transport] of this._transports) {
      addon.release(this._loop._hub, handle);
      await transport?._close();
    }
  }

  closed() {
    this._held = false;
    this._closed = true;
  }

  _check() {
    if (this._closed) check(enums.ErrorCode.CLOSED, 'the server');
  }

  event(kind, loop) {
    if (kind === EVENT.REQUEST) this._request(loop);
    else if (kind === EVENT.OVERRUN) this.emit('overrun');
    else if (kind === EVENT.STARVED) this.emit('starved');
  }

  _request(loop) {
    const numbers = loop._numbers;
    const exchange = numbers[AT.EXCHANGE];
    const key = `${numbers[AT.GROUP_ID]}.${numbers[AT.COMMAND_ID]}.${numbers[AT.OP]}`;
    const entry = this._handlers.get(key);
    if (!entry) {
      addon.refuse(loop._hub, exchange, enums.Rc.NOT_SUPPORTED, undefined);
      return;
    }
    let result;
    try {
      const { request } = entry.command;
      result = entry.handler(request ? loop._record(loop._messages[request]) ?? {} : {});
    } catch (error) {
      this._fail(exchange, error);
      return;
    }
    if (typeof result?.then !== 'function') this._reply(exchange, entry, result);
    else {
      Promise.resolve(result).then((value) => this._reply(exchange, entry, value),
        (error) => this._fail(exchange, error));
    }
  }

  _reply(exchange, { name, command }, result) {
    if (this._closed) return;
    const { _loop: loop } = this;
    try {
      let data = null;
      let length = 0;
      if (command.response && result !== undefined) {
        ({ buffer: data, length } = encode(loop._messages[command.response], loop._messages, result,
          `the answer to ${name}`));
      }
      loop._soon();
      this._checkReply(addon.reply(loop._hub, exchange, data, length), name);
    } catch (error) {
      this._fail(exchange, error);
    }
  }

  /** That the other side is gone is no mistake of the handler. */
  _checkReply(error, name) {
    if (error !== enums.ErrorCode.CLOSED) check(error, `the answer to ${name}`);
  }

  _fail(exchange, error) {
    if (!this._closed) {
      const { _hub: hub } = this._loop;
      if (!(error instanceof Refusal)) addon.refuse(hub, exchange, enums.Rc.UNKNOWN, undefined);
      else if (error.ofGroup) addon.fail(hub, exchange, error.rc);
      else addon.refuse(hub, exchange, error.rc, error.reason);
    }
    if (error instanceof Refusal) return;
    try {
      this.emit('error', error); // without a listener it throws, as all emitters do
    } catch (unhandled) {
      rethrow(unhandled);
    }
  }
}

module.exports = { Server, Refusal, SmpError };
