// SPDX-License-Identifier: Apache-2.0
'use strict';

// What a session does: commands, errors, transfers, groups of one's own, transports, servers.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable, Writable } = require('node:stream');
const test = require('node:test');

const smp = require('libsmp');
const { HEADER, makeImage, pair, root, turn } = require('./support.js');

/** Handlers that keep what is uploaded, and give it back. */
function storage() {
  const files = new Map();
  const image = [];
  return {
    files,
    image,
    handlers: {
      'img.uploadChunk': ({ off, data }) => {
        if (off === 0) image.length = 0;
        image.push(Buffer.from(data));
        return { off: off + data.length };
      },
      'fs.uploadChunk': ({ name, off, data }) => {
        const before = off === 0 ? Buffer.alloc(0) : files.get(name);
        files.set(name, Buffer.concat([before, data]));
        return { off: off + data.length };
      },
      'fs.downloadChunk': ({ name, off }) => {
        const file = files.get(name);
        if (!file) throw new smp.Refusal(smp.FsRc.FILE_NOT_FOUND, { ofGroup: true });
        const data = file.subarray(off, off + 400);
        return { off, data, ...(off === 0 ? { len: file.length } : {}) };
      },
      'fs.close': () => undefined,
    },
  };
}

test('a command and its answer', async () => {
  const { device, close } = await pair();
  assert.deepStrictEqual(await device.os.echo({ text: 'grüße ✓' }), { text: 'grüße ✓' });
  assert.deepStrictEqual(await device.call('os.echo', { text: '' }), { text: '' });
  assert.strictEqual(device.stats().answered >= 2, true);
  close();
});

test('many requests at once', async () => {
  const { device, close } = await pair();
  const answers = await Promise.all(Array.from({ length: 10000 },
    (_, i) => device.os.echo({ text: String(i) })));
  assert.ok(answers.every(({ text }, i) => text === String(i)));
  close();
});

test('64 bits: a number where it is exact, else a bigint', async () => {
  const numbers = [0, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n - 1n];
  const { device, close } = await pair({
    'stat.read': () => ({ fields: Object.fromEntries(numbers.map((n, i) => [`n${i}`, n])) }),
  });
  const { fields } = await device.stat.read({ name: 'a' });
  assert.deepStrictEqual(Object.values(fields), numbers);
  close();
});

test('the key __proto__ is a key like others', async () => {
  const { device, close } = await pair({
    'stat.read': () => ({ fields: JSON.parse('{"__proto__": 1}') }),
  });
  const { fields } = await device.stat.read({ name: 'a' });
  assert.deepStrictEqual(Object.keys(fields), ['__proto__']);
  assert.strictEqual({}.polluted, undefined);
  close();
});

test('a device that says no', async () => {
  const { device, close } = await pair({
    'os.reset': () => { throw new smp.Refusal(smp.Rc.BUSY, { reason: 'not now' }); },
    'img.stateWrite': () => {
      throw new smp.Refusal(smp.ImgRc.INVALID_HASH, { ofGroup: true });
    },
  });
  await assert.rejects(device.os.reset(), (error) => {
    assert.ok(error instanceof smp.DeviceError && error instanceof smp.SmpError);
    assert.deepStrictEqual([error.group, error.rc, error.reason], [null, smp.Rc.BUSY, 'not now']);
    return true;
  });
  await assert.rejects(device.img.stateWrite({ confirm: true }), (error) => {
    assert.deepStrictEqual([error.group, error.groupId, error.code], ['img', 1, 'INVALID_HASH']);
    assert.ok(error.hint);
    return true;
  });
  await assert.rejects(device.os.taskStats(), { name: 'DeviceError', rc: smp.Rc.NOT_SUPPORTED });
  close();
});

test('no answer is TimeoutError, no listener LinkError', async () => {
  const { device, close } = await pair({ 'os.datetimeRead': () => new Promise(() => {}) },
    { timeoutMs: 20, tries: 1 });
  await assert.rejects(device.os.datetimeRead(), smp.TimeoutError);
  close();
  const nobody = await smp.connect('udp://127.0.0.1:9', { timeoutMs: 500 });
  await assert.rejects(nobody.os.echo({ text: 'a' }), { name: 'LinkError', code: 'SMP_ERR_REFUSED' });
  await nobody.close();
});

test('AbortSignal', async () => {
  const { device, close } = await pair({ 'os.datetimeRead': () => new Promise(() => {}) });
  const controller = new AbortController();
  const waiting = device.os.datetimeRead({ signal: controller.signal });
  controller.abort('changed my mind');
  await assert.rejects(waiting, { name: 'AbortError', code: 'ABORT_ERR', cause: 'changed my mind' });
  await assert.rejects(device.os.echo({ text: 'a' }, { signal: AbortSignal.abort() }),
    { name: 'AbortError' });
  close();
});

test('an image goes up, with progress', async () => {
  const { handlers, image } = storage();
  const { device, close } = await pair(handlers);
  const data = makeImage(50000);
  const transfer = device.img.upload(data);
  const seen = [];
  for await (const { done, total } of transfer) seen.push([done, total]);
  await transfer;
  assert.ok(seen.length > 1);
  assert.ok(seen.every(([done, total], i) => total === data.length && (!i || done >= seen[i - 1][0])));
  assert.deepStrictEqual(seen.at(-1), [data.length, data.length]);
  assert.ok(Buffer.concat(image).equals(data));
  close();
});

test('images from files, streams, Blobs, ArrayBuffers', async () => {
  const { handlers, image } = storage();
  const { device, close } = await pair(handlers);
  const data = makeImage(5000);
  const file = path.join(os.tmpdir(), `libsmp-${process.pid}.bin`);
  fs.writeFileSync(file, data);
  const handle = await fs.promises.open(file);
  const exact = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
  for (const source of [file, handle, Readable.from([data.subarray(0, 99), data.subarray(99)]),
    new Blob([data]), exact, new DataView(exact)]) {
    await device.img.upload(source);
    assert.ok(Buffer.concat(image).equals(data));
  }
  await handle.close();
  fs.rmSync(file);
  close();
});

test('files go up and down', async () => {
  const { handlers, files } = storage();
  const { device, close } = await pair(handlers);
  const data = makeImage(30000);
  const file = path.join(os.tmpdir(), `libsmp-${process.pid}.out`);
  await device.fs.upload('/a', data);
  assert.ok(files.get('/a').equals(data));
  await device.fs.upload('/b', {
    size: data.length,
    read: async (offset, length) => data.subarray(offset, offset + length),
  });
  assert.ok(files.get('/b').equals(data));
  assert.ok((await device.fs.download('/a')).equals(data));
  await device.fs.download('/a', { to: file });
  assert.ok(fs.readFileSync(file).equals(data));
  fs.rmSync(file);
  const parts = [];
  const slow = new Writable({
    highWaterMark: 100,
    write(part, _, done) { parts.push(part); setImmediate(done); },
  });
  await device.fs.download('/a', { to: slow });
  assert.ok(Buffer.concat(parts).equals(data));
  await assert.rejects(device.fs.download('/none'), { name: 'DeviceError', group: 'fs' });
  close();
});

test('a transfer can be cancelled and paused', async () => {
  const { handlers } = storage();
  const { device, close } = await pair(handlers);
  const controller = new AbortController();
  const transfer = device.img.upload(makeImage(100000), { signal: controller.signal });
  await assert.rejects(async () => {
    for await (const { done } of transfer) if (done > 0) controller.abort();
  }, smp.AbortError);
  await assert.rejects(transfer, smp.AbortError);
  const paused = device.img.upload(makeImage(20000));
  paused.pause();
  paused.resume();
  await paused;
  const early = device.img.upload(makeImage(20000));
  early.cancel();
  await assert.rejects(early, smp.AbortError);
  close();
});

test('a pause is kept, from the very beginning and with a slow sink', { timeout: 30000 }, async () => {
  const file = Buffer.alloc(20000, 7);
  const { device, close } = await pair({
    'fs.downloadChunk': ({ off }) => ({
      off, data: file.subarray(Number(off), Number(off) + 200), ...(off === 0 ? { len: file.length } : {}),
    }),
    'img.uploadChunk': ({ off, data }) => ({ off: off + data.length }),
  });
  const echoes = async () => { // what was on the way is through after some of them
    for (let i = 0; i < 30; i++) {
      await device.os.echo({ text: 'a' });
      await turn();
    }
  };
  const upload = device.img.upload(makeImage(5000));
  upload.pause();
  await echoes();
  assert.ok((upload.progress?.done ?? 0) < 5000);
  upload.resume();
  await upload;

  let written = 0;
  const download = device.fs.download('/a', {
    to: { async write(data) {
      await new Promise(setImmediate);
      written += data.length;
      if (written > 5000) paused?.();
    } },
  });
  let paused;
  await new Promise((resolve) => { paused = () => { download.pause(); resolve(); }; });
  paused = undefined;
  await echoes();
  const before = written;
  await echoes();
  assert.strictEqual(written, before);
  assert.ok(written < file.length);
  download.resume();
  await download;
  assert.strictEqual(written, file.length, 'it ends when the sink is through, too');

  let last;
  const late = new Error('the disk is full');
  const full = device.fs.download('/a', {
    to: { write: (_, offset) => (offset + 200 < file.length ? 200
      : new Promise((__, reject) => { last = () => reject(late); })) },
  });
  while (!last) await echoes();
  last(); // after everything has come
  await assert.rejects(full, { code: 'SMP_ERR_SINK', cause: late });
  close();
});

test('a source or sink that fails is the cause', async () => {
  const { handlers } = storage();
  const { device, close } = await pair(handlers);
  const broken = new Error('disk on fire');
  const source = { size: 9000, read() { throw broken; } };
  await assert.rejects(device.fs.upload('/x', source), { code: 'SMP_ERR_SOURCE', cause: broken });
  const short = { size: 9000, read: () => Buffer.alloc(1) };
  await assert.rejects(device.fs.upload('/x', short), { code: 'SMP_ERR_SOURCE' });
  await device.fs.upload('/y', Buffer.alloc(9000));
  const sink = { write() { throw broken; } };
  await assert.rejects(device.fs.download('/y', { to: sink }), { code: 'SMP_ERR_SINK', cause: broken });
  close();
});

test('raw requests', async () => {
  const { device, close } = await pair();
  const answer = await device.request({ group: 0, command: 0, op: 'write',
    payload: Buffer.from('a16164626869', 'hex') });
  assert.strictEqual(answer.toString('hex'), 'a16172626869');
  close();
});

test('a group of one\'s own', async () => {
  const loop = new smp.Loop();
  const demo = loop.defineGroup(70, 'demo', {
    commands: {
      blink: { id: 0, op: 'write', request: { times: 'uint8', 'colour?': 'str' }, response: { sum: 'int' } },
      list: { id: 1, op: 'read',
        response: { leds: [{ name: 'str', 'on?': 'bool' }], ids: ['uint16'], counts: smp.mapOf('uint') } },
    },
    codes: [{ rc: 2, name: 'NO_LED', text: 'there is no such LED', hint: 'count them' }],
  });
  const server = new smp.Server({ loop });
  server.handle('demo.blink', ({ times, colour }) => {
    if (colour === 'mauve') throw new smp.Refusal(2, { ofGroup: true });
    return { sum: -times };
  });
  const list = { leds: [{ name: 'a', on: true }, { name: 'b' }], ids: [1, 65535], counts: { red: 3 } };
  server.handle('demo.list', () => list);
  await server.listen('loopback:demo');
  const device = await smp.connect('loopback:demo', { loop });
  assert.deepStrictEqual(await device.group(demo).blink({ times: 3 }), { sum: -3 });
  assert.deepStrictEqual(await device.group(demo).list(), list);
  await assert.rejects(device.group(demo).blink({ times: 3, colour: 'mauve' }),
    { code: 'NO_LED', group: 'demo', hint: 'count them' });
  await assert.rejects(device.group(demo).blink({ times: 256 }), RangeError);
  assert.throws(() => loop.defineGroup(71, 'late', { commands: {} }), smp.SmpError);
  loop.close();
});

test('a transport of one\'s own, slow and failing', async () => {
  const { server, loop, close } = await pair();
  const far = new smp.Transport({ send: async (packet) => { near.received(packet); } });
  const near = new smp.Transport({
    send: async (packet) => {
      await new Promise(setImmediate);
      far.received(packet, Buffer.from([1]));
    },
  });
  await server.listen(far);
  const device = await smp.connect(near, { loop });
  assert.deepStrictEqual(await device.os.echo({ text: 'over JS' }), { text: 'over JS' });
  let closed = 0;
  const broken = new Error('cable cut');
  const bad = await smp.connect(new smp.Transport({ send() { throw broken; }, close() { closed++; } }),
    { loop });
  const downs = [];
  bad.on('down', (error) => downs.push(error));
  await assert.rejects(bad.os.echo({ text: 'a' }), (error) => {
    assert.ok(error instanceof smp.LinkError);
    assert.strictEqual(error.cause, broken);
    return true;
  });
  await bad.close();
  assert.strictEqual(closed, 1);
  assert.strictEqual(downs.length, 1);
  close();
});

test('a handler that throws: the device sees rc 1, the server says it', async () => {
  const broken = new Error('bug');
  const { server, device, close } = await pair({
    'os.reset': () => { throw broken; },
    'os.datetimeRead': async () => ({ nonsense: 1 }),
  });
  const errors = [];
  server.on('error', (error) => errors.push(error));
  await assert.rejects(device.os.reset(), { rc: smp.Rc.UNKNOWN });
  await assert.rejects(device.os.datetimeRead(), { rc: smp.Rc.UNKNOWN });
  assert.strictEqual(errors[0], broken);
  assert.ok(errors[1] instanceof TypeError);
  close();
});

test('MCUboot images', () => {
  const data = makeImage(1000, [2, 7, 300, 9]);
  const image = smp.parseImage(data);
  assert.strictEqual(image.version, '2.7.300.9');
  assert.ok(image.hashGood && !image.isSigned);
  assert.ok(image.hash.equals(data.subarray(-32)));
  assert.deepStrictEqual(image.tlvs.map(({ name, length }) => [name, length]), [['SHA256', 32]]);
  data[100] ^= 1;
  assert.throws(() => smp.parseImage(data), { code: 'SMP_ERR_CORRUPT' });
  assert.strictEqual(smp.parseImage(data, { check: false }).hashGood, false);
  assert.throws(() => smp.parseImage(Buffer.from('\x7fELF and more of that kind, to be long enough')),
    { code: 'SMP_ERR_NOT_IMAGE' });
  assert.throws(() => smp.parseImage('file'), TypeError);
});

test('signatures', () => {
  const read = (...name) => fs.readFileSync(path.join(root, 'tests', 'data', ...name));
  const image = read('app-1.0.0.signed.bin');
  const key = read('keys', 'test-only-ecdsa-p256.pub.pem');
  smp.checkSignature(image, key);
  smp.checkSignature(image, String(key));
  const other = read('keys', 'test-only-ed25519.pub.pem');
  for (const [data, pem] of [[image, other], [read('unsigned.bin'), key]]) {
    assert.throws(() => smp.checkSignature(data, pem), { code: 'SMP_ERR_SIGNATURE' });
  }
  for (const [data, pem] of [[image, ''], [image, 'no key'], [Buffer.alloc(0), key], [image.subarray(9), key]]) {
    assert.throws(() => smp.checkSignature(data, pem), smp.SmpError);
  }
  for (const [data, pem] of [[image], [image, 1], [undefined, key]]) {
    assert.throws(() => smp.checkSignature(data, pem), TypeError);
  }
});

test('two loops know nothing of each other', async () => {
  const one = await pair();
  const two = await pair();
  one.close();
  assert.deepStrictEqual(await two.device.os.echo({ text: 'b' }), { text: 'b' });
  two.close();
});

test('ES modules have the same names', async () => {
  const module = await import('libsmp');
  const names = Object.keys(module).filter((name) => name !== 'default').sort();
  assert.deepStrictEqual(names, Object.keys(smp).sort());
  assert.strictEqual(module.connect, smp.connect);
  assert.strictEqual(HEADER, 8);
});

test('serial ports can be listed', () => {
  assert.ok(Array.isArray(smp.ports()));
});
