// SPDX-License-Identifier: Apache-2.0
'use strict';

// Groups of the program's own: described once, then typed like all others.

const addon = require('./addon.js');
const { KIND } = require('./codec.js');
const { check } = require('./errors.js');

const KINDS = {
  bool: KIND.BOOL, uint: KIND.UINT, int: KIND.INT, str: KIND.STR, bytes: KIND.BYTES,
  value: KIND.VALUE,
};
const OPS = { read: 0, write: 2 };

/** A map from text to values of one kind: {name: mapOf('uint')}. */
class MapOf {
  constructor(kind) {
    this.kind = kind;
  }
}

function mapOf(kind) {
  return new MapOf(kind);
}

/** "uint16" is a uint of 2 bytes. */
function scalar(spec, what) {
  const match = /^([a-z]+)(8|16|32|64)?$/.exec(spec);
  const kind = match && KINDS[match[1]];
  if (!kind || (match[2] && kind !== KIND.UINT && kind !== KIND.INT)) {
    throw new TypeError(`${what}: "${spec}" is none of ${Object.keys(KINDS).join(', ')}, ` +
      'uint8 to int64');
  }
  return { kind, width: match[2] ? match[2] / 8 : 8 };
}

class Builder {
  constructor(loop, group) {
    this.loop = loop;
    this.group = group;
    this.count = 0;
  }

  add(handle, key, kind, element, width, optional, inner) {
    const number = [kind, element].some((one) => one === KIND.UINT || one === KIND.INT);
    check(addon.messageAdd(this.loop._hub, handle, key, kind, element, number ? width : 0, optional,
      inner ? inner.handle : 0), `${this.group}: field ${key}`);
    const row = [key, kind, element, width, optional, false, inner ? inner.name : null];
    return row;
  }

  begin() {
    const name = `${this.group}_${++this.count}`;
    return { name, handle: check(addon.messageNew(this.loop._hub, name), name) };
  }

  finish(message, bare, fields) {
    this.loop._messages[message.name] = { name: message.name, bare, fields };
    return message;
  }

  map(kind, what) {
    const message = this.begin();
    const value = scalar(kind, what);
    const fields = [
      this.add(message.handle, '', KIND.STR, KIND.STR, 8, false),
      this.add(message.handle, '', value.kind, value.kind, value.width, false),
    ];
    fields[0][0] = 'key';
    fields[1][0] = 'value';
    return this.finish(message, true, fields);
  }

  field(handle, name, spec) {
    const optional = name.endsWith('?');
    const key = optional ? name.slice(0, -1) : name;
    const what = `${this.group}: ${key}`;
    if (typeof spec === 'string') {
      const { kind, width } = scalar(spec, what);
      return this.add(handle, key, kind, kind, width, optional);
    }
    if (spec instanceof MapOf) {
      return this.add(handle, key, KIND.MAP, KIND.MAP, 8, optional, this.map(spec.kind, what));
    }
    if (!Array.isArray(spec)) {
      return this.add(handle, key, KIND.RECORD, KIND.RECORD, 8, optional, this.message(spec, what));
    }
    if (spec.length !== 1) throw new TypeError(`${what}: a list is [kind of its elements]`);
    if (typeof spec[0] === 'string') {
      const { kind, width } = scalar(spec[0], what);
      return this.add(handle, key, KIND.LIST, kind, width, optional);
    }
    return this.add(handle, key, KIND.LIST, KIND.RECORD, 8, optional, this.message(spec[0], what));
  }

  /** A message of these fields; null: without any. */
  message(spec, what) {
    if (spec === undefined || spec === null) return null;
    if (typeof spec !== 'object') throw new TypeError(`${what} must be an object`);
    const message = this.begin();
    const fields = Object.entries(spec).map(([name, one]) =>
      this.field(message.handle, name, one));
    return this.finish(message, false, fields);
  }
}

function defineGroup(loop, id, name, { commands, codes = [] }) {
  const hub = loop._hub;
  const messages = loop._messages;
  // A copy: the tables of other loops know nothing of it.
  loop._messages = { ...messages };
  try {
    const handle = check(addon.groupNew(hub, id, name), `group ${name}`);
    const builder = new Builder(loop, name);
    const group = { id, name, codes, commands: [] };
    for (const [key, spec] of Object.entries(commands)) {
      const op = OPS[spec.op];
      if (op === undefined) throw new TypeError(`${name}.${key}: op must be "read" or "write"`);
      const request = builder.message(spec.request, `${name}.${key}`);
      const response = builder.message(spec.response, `${name}.${key}`);
      check(addon.groupAddCommand(hub, handle, key, spec.id, op, spec.idempotent ?? op === 0,
        request ? request.handle : 0, response ? response.handle : 0, spec.enable),
      `${name}.${key}`);
      group.commands.push({
        name: key, id: spec.id, op, request: request && request.name,
        response: response && response.name,
      });
    }
    for (const code of codes) {
      check(addon.groupAddCode(hub, handle, code.rc, code.name, code.text ?? code.name, code.hint,
        code.v1 ?? 1), `${name}: code ${code.name}`);
    }
    loop._groups = [...loop._groups, group];
    return group;
  } catch (error) {
    loop._messages = messages;
    throw error;
  }
}

module.exports = { defineGroup, mapOf };
