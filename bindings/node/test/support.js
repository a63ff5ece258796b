// SPDX-License-Identifier: Apache-2.0
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const smp = require('libsmp');

const root = path.join(__dirname, '..', '..', '..');
const HEADER = 8;

/** A device in this process that answers echo, and a session with it, on a loop of their own. */
async function pair(handlers = {}, options = {}) {
  const { server: serverOptions, ...rest } = options;
  const loop = new smp.Loop();
  const server = new smp.Server({ loop, bufSize: 1024, ...serverOptions });
  server.handle('os.echo', ({ text }) => ({ text }));
  server.handle('os.params', () => ({ bufSize: 1024, bufCount: 4 }));
  for (const [name, handler] of Object.entries(handlers)) server.handle(name, handler);
  await server.listen('loopback:pair');
  const device = await smp.connect('loopback:pair', { loop, ...rest });
  return { loop, server, device, close: () => loop.close() };
}

/** A packet from its parts; `like` is a header whose sequence number it takes. */
function packet({ op, version, group, id, sequence = 0 }, payload) {
  const header = Buffer.alloc(HEADER);
  header[0] = ((version - 1) << 3) | op;
  header.writeUInt16BE(payload.length, 2);
  header.writeUInt16BE(group, 4);
  header[6] = sequence;
  header[7] = id;
  return Buffer.concat([header, payload]);
}

/** A MCUboot image of so many bytes without a signature, as the header and hash TLV want it. */
function makeImage(size, version = [1, 2, 3, 0]) {
  const { createHash } = require('node:crypto');
  const header = Buffer.alloc(32);
  header.writeUInt32LE(0x96f3b83d, 0);
  header.writeUInt16LE(32, 8);
  header.writeUInt32LE(size, 12);
  header[20] = version[0];
  header[21] = version[1];
  header.writeUInt16LE(version[2], 22);
  header.writeUInt32LE(version[3], 24);
  const body = Buffer.alloc(size);
  for (let i = 0; i < size; i++) body[i] = (i * 7 + (i >> 8)) & 0xff;
  const hashed = Buffer.concat([header, body]);
  const tlv = Buffer.alloc(8);
  tlv.writeUInt16LE(0x6907, 0);
  tlv.writeUInt16LE(4 + 4 + 32, 2);
  tlv.writeUInt16LE(0x10, 4);
  tlv.writeUInt16LE(32, 6);
  return Buffer.concat([hashed, tlv, createHash('sha256').update(hashed).digest()]);
}

/** The generator's model, which knows the CBOR keys. */
function readModel() {
  const places = [process.env.SMP_MODEL, path.join(__dirname, '..', 'build', 'gen', 'model.json')];
  const found = places.find((place) => place && fs.existsSync(place));
  return found && JSON.parse(fs.readFileSync(found, 'utf8'));
}

function collect() {
  if (typeof global.gc !== 'function') throw new Error('run with: node --expose-gc');
  global.gc();
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

module.exports = { HEADER, collect, makeImage, packet, pair, readModel, root, turn };
