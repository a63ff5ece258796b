// SPDX-License-Identifier: Apache-2.0
// What c_bench.c does, in Node: same arguments, same output.
// The package is the one that tests/steps/node_binding.sh left in build/node, or the clone's own.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const root = new URL('../../../', import.meta.url);
const installed = new URL('build/node/node_modules/libsmp/', root);
const folder = existsSync(installed) ? installed : new URL('bindings/node/', root);
const smp = createRequire(folder)('./lib/index.js');

const IMAGES = [
  { slot: 0, version: '1.4.2', hash: Buffer.alloc(32, 0x11), bootable: true, confirmed: true, active: true },
  { slot: 1, version: '1.5.0', hash: Buffer.alloc(32, 0x22), bootable: true, pending: true },
];

/** A device in this process. */
async function serve(url) {
  const server = new smp.Server();
  server.handle('os.echo', ({ text }) => ({ text }));
  server.handle('img.stateRead', () => ({ images: IMAGES, splitStatus: 0 }));
  await server.listen(url);
  return server;
}

/** Microseconds for each of `count` calls, one after the other. */
async function sequence(count, call) {
  const began = process.hrtime.bigint();
  for (let i = 0; i < count; i++) await call();
  return (Number(process.hrtime.bigint() - began) / count / 1000).toFixed(3);
}

/** Seconds of an upload that no device has seen before. */
async function upload(device, size) {
  const seed = Date.now() % 251;
  const data = Buffer.alloc(size);
  for (let i = 0; i < size; i++) data[i] = (i ^ (i >> 8) ^ (i >> 16)) + seed;
  data.writeUInt32LE(0x96f3b83d, 0);
  data.fill(0, 4, 32);
  data.writeUInt16LE(512, 8);
  data.writeUInt32LE(size - 1024, 12);
  data[20] = 9;
  const began = process.hrtime.bigint();
  await device.img.upload(data);
  return (Number(process.hrtime.bigint() - began) / 1e9).toFixed(3);
}

const [what, ...args] = process.argv.slice(2);
const count = Number(args.at(-1));
const inMemory = what === 'echo' || what === 'state';
const url = inMemory ? 'loopback:bench' : `udp://${args[0]}`;
const server = inMemory ? await serve(url) : undefined;
const device = await smp.connect(url);
if (what === 'upload') console.log(await upload(device, count));
else if (what === 'state') console.log(await sequence(count, () => device.img.stateRead()));
else console.log(await sequence(count, () => device.os.echo({ text: 'hello' })));
await device.close();
await server?.close();
