// SPDX-License-Identifier: Apache-2.0
'use strict';

// Messages travel between JavaScript and C in a flat form, described in bindings/shim/README.md.
// One reader and one writer serve all messages, those of the program's own groups too: they walk
// tables, {name, bare, fields}, of which a row is
//
//     [name, kind, element's kind, width in bytes, may be missing, empty when missing, message]

const KIND = {
  NONE: 0, BOOL: 1, UINT: 2, INT: 3, STR: 4, BYTES: 5, VALUE: 6, RECORD: 7, LIST: 8, MAP: 9, CBOR: 10,
};

/** A CBOR item as it stands on the wire, where a value may be of any type. */
class Cbor {
  constructor(bytes) {
    this.bytes = toBytes(bytes, 'bytes');
  }
}

/** Any binary data as a Uint8Array on the same memory. */
function toBytes(data, what) {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw wrong(what, 'a Buffer or other binary data', data);
}

function wrong(what, expected, value) {
  let got = value === null ? 'null' : typeof value;
  if (got === 'object') got = value.constructor?.name ?? 'an object';
  if (got === 'number' || got === 'bigint' || got === 'boolean') got = String(value);
  const error = new TypeError(`${what} must be ${expected}, not ${got}`);
  error.code = 'ERR_INVALID_ARG_TYPE';
  return error;
}

function outOfRange(what, value) {
  const error = new RangeError(`${what} is out of range: ${value}`);
  error.code = 'ERR_OUT_OF_RANGE';
  return error;
}

// ---- writing ----

class Writer {
  constructor() {
    this.buffer = Buffer.allocUnsafe(4096);
    this.length = 0;
  }

  room(count) {
    if (this.length + count <= this.buffer.length) return;
    const more = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + count));
    this.buffer.copy(more, 0, 0, this.length);
    this.buffer = more;
  }

  u8(value) {
    this.room(1);
    this.buffer[this.length++] = value;
  }

  u16(value) {
    this.room(2);
    this.length = this.buffer.writeUInt16LE(value, this.length);
  }

  /** A kind and a 32-bit number. */
  count(kind, value) {
    this.room(5);
    this.buffer[this.length] = kind;
    this.length = this.buffer.writeUInt32LE(value, this.length + 1);
  }

  /** Whole numbers: as number when that holds them exactly, else as bigint. */
  integer(value, signed, width, what) {
    this.room(9);
    this.buffer[this.length++] = signed ? KIND.INT : KIND.UINT;
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) {
        throw Number.isInteger(value) ? outOfRange(`${what} (use a bigint)`, value)
          : wrong(what, 'a whole number', value);
      }
    } else if (typeof value !== 'bigint') {
      throw wrong(what, 'a whole number', value);
    }
    const bits = BigInt(width * 8);
    const low = signed ? -(1n << (bits - 1n)) : 0n;
    const high = signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
    if (value < low || value > high) throw outOfRange(what, value);
    if (typeof value === 'number' && value >= 0) {
      this.length = this.buffer.writeUInt32LE(value % 0x100000000, this.length);
      this.length = this.buffer.writeUInt32LE(Math.floor(value / 0x100000000), this.length);
    } else {
      this.length = this.buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), this.length);
    }
  }

  text(value, what) {
    if (typeof value !== 'string') throw wrong(what, 'a string', value);
    const size = Buffer.byteLength(value);
    this.count(KIND.STR, size);
    this.room(size);
    this.length += this.buffer.write(value, this.length, 'utf8');
  }

  bytes(kind, value, what) {
    const bytes = toBytes(value, what);
    this.count(kind, bytes.length);
    this.room(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  value(value, what) {
    if (value === null) this.u8(KIND.NONE);
    else if (typeof value === 'string') this.text(value, what);
    else if (typeof value === 'boolean') this.scalar(KIND.BOOL, value, 1, what);
    else if (typeof value === 'number' || typeof value === 'bigint') {
      this.integer(value, value < 0, 8, what);
    } else if (value instanceof Cbor) this.bytes(KIND.CBOR, value.bytes, what);
    else this.bytes(KIND.BYTES, value, what);
  }

  scalar(kind, value, width, what) {
    switch (kind) {
      case KIND.BOOL:
        if (typeof value !== 'boolean') throw wrong(what, 'a boolean', value);
        this.u8(KIND.BOOL);
        this.u8(value ? 1 : 0);
        break;
      case KIND.UINT: this.integer(value, false, width, what); break;
      case KIND.INT: this.integer(value, true, width, what); break;
      case KIND.STR: this.text(value, what); break;
      case KIND.BYTES: this.bytes(KIND.BYTES, value, what); break;
      default: this.value(value, what);
    }
  }

  record(message, messages, object, what) {
    if (typeof object !== 'object' || object === null) throw wrong(what, 'an object', object);
    this.u8(KIND.RECORD);
    const at = this.length;
    let rows = 0;
    this.u16(0);
    for (let row = 0; row < message.fields.length; row++) {
      const field = message.fields[row];
      const value = object[field[0]];
      if (value === undefined) {
        if (field[4]) continue;
        throw wrong(`${what}.${field[0]}`, 'given', value);
      }
      this.u16(row);
      this.field(field, messages, value, `${what}.${field[0]}`);
      rows++;
    }
    refuseUnknown(message, object, what);
    this.buffer.writeUInt16LE(rows, at);
  }

  field(field, messages, value, what) {
    const [, kind, element, width, , , name] = field;
    const message = name && messages[name];
    if (kind === KIND.RECORD) {
      this.record(message, messages, value, what);
    } else if (kind !== KIND.LIST && kind !== KIND.MAP) {
      this.scalar(kind, value, width, what);
    } else if (message?.bare) {
      this.bare(kind, message, value, what);
    } else {
      if (!Array.isArray(value)) throw wrong(what, 'an array', value);
      this.count(kind, value.length);
      for (let i = 0; i < value.length; i++) {
        if (message) this.record(message, messages, value[i], `${what}[${i}]`);
        else this.scalar(element, value[i], width, `${what}[${i}]`);
      }
    }
  }

  /** An object whose members are the entries. */
  bare(kind, message, object, what) {
    if (typeof object !== 'object' || object === null) throw wrong(what, 'an object', object);
    const entries = Object.entries(object);
    this.count(kind, entries.length);
    for (const [key, value] of entries) {
      const row = message.fields[1];
      this.u8(KIND.RECORD);
      this.u16(2);
      this.u16(0);
      this.text(key, what);
      this.u16(1);
      this.scalar(row[1], value, row[3], `${what}.${key}`);
    }
  }
}

/** A misspelt field would otherwise be one that is left out. */
function refuseUnknown(message, object, what) {
  for (const key of Object.keys(object)) {
    if (!message.fields.some((field) => field[0] === key)) {
      const names = message.fields.map((field) => field[0]).join(', ');
      const error = new TypeError(`${what} has no ${key}; there are: ${names || 'none'}`);
      error.code = 'ERR_INVALID_ARG_VALUE';
      throw error;
    }
  }
}

// ---- reading ----

/** Reads what the C side wrote: it is complete, and rows of newer libraries are skipped. */
class Reader {
  constructor(buffer, at) {
    this.buffer = buffer;
    this.at = at;
  }

  u16() {
    this.at += 2;
    return this.buffer.readUInt16LE(this.at - 2);
  }

  u32() {
    this.at += 4;
    return this.buffer.readUInt32LE(this.at - 4);
  }

  uint() {
    const low = this.u32();
    const high = this.u32();
    if (high < 0x200000) return high * 0x100000000 + low;
    return (BigInt(high) << 32n) | BigInt(low);
  }

  int() {
    const low = this.u32();
    const high = this.u32() | 0;
    if (high >= -0x200000 && high < 0x200000) {
      const value = high * 0x100000000 + low;
      if (Number.isSafeInteger(value)) return value;
    }
    return (BigInt(high) << 32n) | BigInt(low);
  }

  text() {
    const size = this.u32();
    this.at += size;
    return this.buffer.toString('utf8', this.at - size, this.at);
  }

  bytes() {
    const size = this.u32();
    this.at += size;
    return Buffer.from(this.buffer.subarray(this.at - size, this.at));
  }

  item(message, messages) {
    const kind = this.buffer[this.at++];
    switch (kind) {
      case KIND.NONE: return null;
      case KIND.BOOL: return this.buffer[this.at++] !== 0;
      case KIND.UINT: return this.uint();
      case KIND.INT: return this.int();
      case KIND.STR: return this.text();
      case KIND.BYTES: return this.bytes();
      case KIND.CBOR: return new Cbor(this.bytes());
      case KIND.RECORD: return this.record(message, messages);
      default: return this.list(message, messages);
    }
  }

  list(message, messages) {
    const count = this.u32();
    const list = [];
    for (let i = 0; i < count; i++) list.push(this.item(message, messages));
    if (!message?.bare) return list;
    // Not by assignment: a device may well send the key "__proto__".
    return Object.fromEntries(list.map((entry) => Object.values(entry)));
  }

  record(message, messages) {
    const object = {};
    const count = this.u16();
    for (let i = 0; i < count; i++) {
      const field = message?.fields[this.u16()];
      const value = this.item(field?.[6] && messages[field[6]], messages);
      if (field) object[field[0]] = value;
    }
    for (const field of message?.fields ?? []) {
      if (field[5] && object[field[0]] === undefined) {
        object[field[0]] = messages[field[6]]?.bare ? {} : [];
      }
    }
    return object;
  }
}

let spare = new Writer();

/** Writes a message; what it returns is used before the next call. */
function encode(message, messages, object, what) {
  const writer = spare ?? new Writer(); // a getter of the object may call something, too
  spare = undefined;
  try {
    writer.length = 0;
    writer.record(message, messages, object, what);
    return writer;
  } finally {
    spare = writer;
  }
}

function decode(message, messages, buffer, at = 0) {
  return new Reader(buffer, at).item(message, messages);
}

module.exports = { KIND, Cbor, toBytes, wrong, encode, decode };
