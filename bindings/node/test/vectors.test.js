// SPDX-License-Identifier: Apache-2.0
'use strict';

// The shared vectors (tests/vectors), each through the whole binding: a request arrives at a server
// and leaves a session, an answer the other way round.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const smp = require('libsmp');
const { HEADER, packet, readModel, root } = require('./support.js');

const model = readModel();
const folder = path.join(root, 'tests', 'vectors');
const skip = !model ? 'SKIPPED: no build/gen/model.json, run: npm run build'
  : !fs.existsSync(folder) ? 'SKIPPED: no tests/vectors' : false;

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

/** A value as the vectors write it. */
function plain(value) {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (value instanceof smp.Cbor) return { cbor: Buffer.from(value.bytes).toString('hex') };
  if (typeof value === 'bigint') {
    return value > 0x7fffffffffffffffn ? { number: String(value) } : Number(value);
  }
  return value;
}

function toKeys(message, object) {
  const found = {};
  for (const field of model.messages[message].fields) {
    const value = object[camel(field.member)];
    if (value === undefined) continue;
    const made = fieldToKeys(field, value);
    if (field.key === '') Object.assign(found, made);
    else if (!(field.kind === 'list' && field.optional && value.length === 0)) found[field.key] = made;
  }
  return found;
}

function fieldToKeys(field, value) {
  const inner = field.message && model.messages[field.message];
  if (field.kind === 'map' && inner.bare) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
  }
  if (field.kind === 'map') {
    const key = camel(inner.fields.find((row) => row.key === '').member);
    return Object.fromEntries(value.map(({ [key]: name, ...rest }) =>
      [name, toKeys(field.message, rest)]));
  }
  if (field.kind === 'list') {
    return value.map((one) => (inner ? toKeys(field.message, one) : plain(one)));
  }
  return inner ? toKeys(field.message, value) : plain(value);
}

/** The other way round: an object to send. */
function fromKeys(message, keys) {
  const object = {};
  const { fields } = model.messages[message];
  for (const field of fields) {
    // A map without a key has all that no other field takes.
    const value = field.key === '' && field.kind === 'map'
      ? Object.fromEntries(Object.entries(keys).filter(([key]) => fields.every((f) => f.key !== key)))
      : keys[field.key];
    if (value !== undefined) object[camel(field.member)] = fieldFromKeys(field, value);
  }
  return object;
}

function fieldFromKeys(field, value) {
  const inner = field.message && model.messages[field.message];
  if (field.kind === 'map' && inner.bare) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unplain(one)]));
  }
  if (field.kind === 'map') {
    const key = camel(inner.fields.find((row) => row.key === '').member);
    return Object.entries(value).map(([name, one]) =>
      ({ ...fromKeys(field.message, one), [key]: name }));
  }
  if (field.kind === 'list') {
    return value.map((one) => (inner ? fromKeys(field.message, one) : unplain(one)));
  }
  return inner ? fromKeys(field.message, value) : unplain(value);
}

function unplain(value) {
  if (value?.bytes !== undefined) return Buffer.from(value.bytes, 'hex');
  if (value?.cbor !== undefined) return new smp.Cbor(Buffer.from(value.cbor, 'hex'));
  if (value?.number !== undefined) return BigInt(value.number);
  return value;
}

function commandOf(vector) {
  const group = model.groups.find((one) => one.id === vector.group);
  const command = group.commands.find((one) => one.id === vector.id && one.op === (vector.op & 2));
  return { name: `${camel(group.name)}.${camel(command.call)}`, command };
}

/** A session whose device says exactly this, and hears what is sent. */
async function talkTo(answer, loop, options = {}) {
  const heard = {};
  heard.first = new Promise((resolve) => { heard.resolve = resolve; });
  const line = new smp.Transport({
    maxPacket: 2048,
    send(sent) {
      heard.resolve(sent.subarray(HEADER));
      if (answer) {
        line.received(packet({ ...answer, sequence: sent[6] }, answer.payload));
      }
    },
  });
  const device = await smp.connect(line, { loop, noParams: true, timeoutMs: 200, tries: 1, ...options });
  return { device, heard };
}

async function checkAnswer(vector, payload, loop) {
  const { name, command } = commandOf(vector);
  const { device } = await talkTo({ ...vector, payload }, loop);
  const blank = command.request ? example(command.request) : undefined;
  const outcome = await device.call(name, blank).then((value) => ({ value }), (error) => ({ error }));
  device.destroy();
  checkOutcome(vector, command, outcome);
}

function checkOutcome(vector, command, { value, error }) {
  if (!vector.error) {
    assert.ifError(error);
    if (vector.decoded && command.response) {
      assert.deepStrictEqual(toKeys(command.response, value), vector.decoded);
    }
  } else if (vector.error === 'SMP_ERR_DEVICE') {
    assert.ok(error instanceof smp.DeviceError, String(error));
    assert.strictEqual(error.rc, vector.refusal.rc);
    assert.strictEqual(error.groupId, vector.refusal.group ?? null);
    assert.strictEqual(error.reason, vector.refusal.reason);
    if (vector.decoded) {
      assert.deepStrictEqual(toKeys(command.response, error.response), vector.decoded);
    }
  } else {
    assert.strictEqual(error?.code, vector.error);
    if (vector.key) assert.strictEqual(error.key, vector.key);
  }
}

/** Any request that can be sent, for commands that want one. */
function example(message) {
  const blanks = { bool: false, uint: 0, int: 0, str: 'a', bytes: Buffer.from([1]), value: 'a' };
  const object = {};
  for (const field of model.messages[message].fields) {
    if (field.has || (field.optional && field.kind === 'record')) continue;
    object[camel(field.member)] = field.kind === 'list' || field.kind === 'map'
      ? (field.message && model.messages[field.message].bare ? {} : [])
      : field.kind === 'record' ? example(field.message) : blanks[field.kind];
  }
  return object;
}

async function checkRequest(vector, payload, loop) {
  const { name, command } = commandOf(vector);
  let heard;
  const answered = new Promise((resolve) => {
    heard = { line: new smp.Transport({ maxPacket: 2048, send: resolve }) };
  });
  const server = new smp.Server({ loop });
  let got;
  server.handle(name, (request) => {
    got = request;
    throw new smp.Refusal(smp.Rc.BUSY);
  });
  await server.listen(heard.line);
  heard.line.received(packet({ ...vector, sequence: 7 }, payload));
  await answered;
  await server.close();
  if (vector.error) {
    assert.strictEqual(got, undefined, 'a request that is wrong reached the handler');
  } else {
    assert.deepStrictEqual(command.request ? toKeys(command.request, got) : {},
      vector.decoded ?? {});
  }
}

async function checkEncoding(vector, payload, loop) {
  const { name, command } = commandOf(vector);
  if (vector.op < 2 ? vector.op === 0 : vector.op === 2) {
    const { device, heard } = await talkTo(null, loop, { v1: vector.version === 1 });
    const call = device.call(name, command.request && fromKeys(command.request, vector.decoded));
    call.catch(() => {});
    const sent = await heard.first;
    device.destroy();
    await assert.rejects(call, smp.LinkError);
    assert.strictEqual(sent.toString('hex'), payload.toString('hex'));
    return;
  }
  const server = new smp.Server({ loop });
  server.handle(name, () => (command.response ? fromKeys(command.response, vector.decoded) : undefined));
  const sent = await new Promise((resolve, reject) => {
    const line = new smp.Transport({ maxPacket: 2048, send: resolve });
    server.once('error', reject);
    server.listen(line).then(() => {
      line.received(packet({ ...vector, op: vector.op - 1, sequence: 7 },
        requestFor(command)));
    }, reject);
  });
  await server.close();
  assert.strictEqual(sent.subarray(HEADER).toString('hex'), payload.toString('hex'));
}

/** A request that the server understands: taken from the vectors. */
function requestFor(command) {
  if (!command.request) return Buffer.from([0xa0]);
  const found = vectors.find((one) => commandOf(one).command === command && !(one.op & 1) && !one.error);
  return Buffer.from(found.hex.replace(/ /g, ''), 'hex');
}

const vectors = skip ? [] : fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').trim().split('\n'))
  .map((line) => JSON.parse(line));

test('vectors', { skip, timeout: 120000 }, async (t) => {
  const loop = new smp.Loop();
  assert.ok(vectors.length > 500);
  for (const vector of vectors) {
    const payload = Buffer.from(vector.hex.replace(/ /g, ''), 'hex');
    await t.test(`${vector.group}.${vector.id} ${vector.name}`, async () => {
      if (vector.op & 1) await checkAnswer(vector, payload, loop);
      else await checkRequest(vector, payload, loop);
      if (vector.encodes) await checkEncoding(vector, payload, loop);
    });
  }
  assert.strictEqual(loop.objects, 0);
  loop.close();
});
