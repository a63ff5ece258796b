// SPDX-License-Identifier: Apache-2.0
'use strict';

// What should not be done, and what may happen at any time: an error, never a crash.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const test = require('node:test');
const { Worker } = require('node:worker_threads');

const smp = require('libsmp');
const { collect, makeImage, pair, turn } = require('./support.js');

test('after close', async () => {
  const { device, server, loop, close } = await pair();
  await device.close();
  await device.close();
  device.destroy();
  await assert.rejects(device.os.echo({ text: 'a' }), smp.LinkError);
  await assert.rejects(device.img.upload(makeImage(10)), smp.LinkError);
  assert.throws(() => device.stats(), smp.LinkError);
  await server.close();
  await server.close();
  assert.throws(() => server.handle('os.echo', () => undefined), smp.LinkError);
  await assert.rejects(server.listen('udp://127.0.0.1:0'), smp.LinkError);
  close();
  close();
  assert.throws(() => new smp.Server({ loop }), smp.LinkError);
  await assert.rejects(smp.connect('loopback:x', { loop }), smp.LinkError);
});

test('requests end when the device, or the loop, is closed at once', async () => {
  const never = { 'os.datetimeRead': () => new Promise(() => {}) };
  for (const end of ['destroy', 'close']) {
    const { device, close } = await pair(never);
    const waiting = device.os.datetimeRead();
    const transfer = device.img.upload(makeImage(1000));
    await turn();
    if (end === 'destroy') device.destroy();
    else close();
    await assert.rejects(waiting, smp.LinkError);
    await assert.rejects(transfer, smp.SmpError);
    close();
  }
});

test('wrong types', async () => {
  const { device, loop, close } = await pair();
  for (const bad of [undefined, null, 1, 'text', {}, { text: 1 }, { text: null }, { text: 'a', b: 1 }]) {
    await assert.rejects(device.os.echo(bad), TypeError);
  }
  for (const bad of [-1, 1.5, NaN, 2 ** 40, '1', 2n ** 70n]) {
    await assert.rejects(device.img.erase({ slot: bad }), /slot/);
  }
  for (const bad of [undefined, null, 1, {}, { size: 'x', read() {} }]) {
    await assert.rejects(device.img.upload(bad), TypeError);
  }
  await assert.rejects(device.img.upload(Buffer.alloc(0)), smp.SmpError);
  await assert.rejects(device.img.upload(makeImage(9), { window: 'two' }), TypeError);
  await assert.rejects(device.img.upload(makeImage(9), { sha: Buffer.alloc(3) }), smp.SmpError);
  await assert.rejects(device.fs.download('a\0b'), TypeError);
  await assert.rejects(device.fs.download(), smp.SmpError);
  await assert.rejects(device.request({ group: 70000, command: 0 }), smp.SmpError);
  await assert.rejects(device.request({ group: 0, command: 0, op: 'x' }), TypeError);
  await assert.rejects(device.os.echo({ text: 'a' }, { signal: 1 }), TypeError);
  await assert.rejects(device.call('no.such'), TypeError);
  await assert.rejects(smp.connect(7), TypeError);
  await assert.rejects(smp.connect('gopher://x', { loop }), /gopher|scheme/);
  await assert.rejects(smp.connect('loopback:q', { loop, timeoutMs: -1 }), TypeError);
  await assert.rejects(smp.connect('loopback:q', { loop: {} }), TypeError);
  assert.throws(() => new smp.Transport({ send: 1 }), TypeError);
  assert.throws(() => new smp.Loop({ log: 'loud' }), TypeError);
  assert.deepStrictEqual(await device.os.echo({ text: 'alive' }), { text: 'alive' });
  close();
});

test('a getter that calls something else', async () => {
  const { device, close } = await pair();
  let inner;
  const request = { get text() { inner ??= device.os.echo({ text: 'x'.repeat(500) }); return 'outer'; } };
  assert.deepStrictEqual(await device.os.echo(request), { text: 'outer' });
  assert.strictEqual((await inner).text.length, 500);
  const broken = new Error('in a getter');
  await assert.rejects(device.os.echo({ get text() { throw broken; } }), broken);
  await assert.rejects(device.img.upload(makeImage(9), { get window() { throw broken; } }), broken);
  assert.deepStrictEqual(await device.os.echo({ text: 'alive' }), { text: 'alive' });
  close();
});

test('a buffer may change, shrink and vanish while it is sent', async () => {
  const received = [];
  const { device, close } = await pair({
    'img.uploadChunk': ({ off, data }) => { received.push(data); return { off: off + data.length }; },
  });
  const data = makeImage(40000);
  const memory = new ArrayBuffer(data.length);
  const view = new Uint8Array(memory);
  view.set(data);
  const transfer = device.img.upload(view);
  await turn();
  structuredClone(memory, { transfer: [memory] }); // detached
  collect();
  await transfer;
  assert.ok(Buffer.concat(received).equals(data));
  close();
});

test('what nobody refers to is collected, what is under way is not', async () => {
  const { server, loop, close } = await pair();
  await server.listen('loopback:lost');
  await (async () => { await (await smp.connect('loopback:lost', { loop })).os.echo({ text: 'a' }); })();
  const before = loop.objects;
  for (let i = 0; i < 50 && loop.objects === before; i++) {
    collect();
    await turn();
  }
  assert.ok(loop.objects < before, 'the lost device was not closed');
  close();
});

test('garbage collection of everything, all the time', async () => {
  const { device, close } = await pair();
  for (let i = 0; i < 50; i++) {
    const calls = Array.from({ length: 20 }, (_, n) => device.os.echo({ text: `x${n}` }));
    collect();
    assert.strictEqual((await Promise.all(calls)).length, 20);
    new smp.Loop();
    new smp.Transport();
  }
  close();
});

test('an exception in a listener is uncaught, and the rest goes on', () => {
  const { status, stdout } = run(`
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    const line = new smp.Transport({ send() { line.down(); } });
    const device = await smp.connect(line);
    device.on('down', () => { throw new Error('in a listener'); });
    await device.os.echo({ text: 'a' }).catch((error) => console.log(error.name));
    const server = new smp.Server();
    server.handle('os.echo', () => { throw new Error('in a handler'); });
    await server.listen('loopback:x');
    const other = await smp.connect('loopback:x');
    await other.os.echo({ text: 'a' }).catch((error) => console.log(error.name, error.rc));
    process.exit(5);`);
  assert.deepStrictEqual(stdout.trim().split('\n').sort(),
    ['DeviceError 1', 'LinkError', 'uncaught in a handler', 'uncaught in a listener']);
  assert.strictEqual(status, 5);
});

test('an idle session does not keep the process alive, a request does', () => {
  const { status, stdout } = run(`
    const device = await smp.connect('udp://127.0.0.1:9', { timeoutMs: 50, tries: 1 });
    const silent = await smp.connect(new smp.Transport({ send() {} }), { timeoutMs: 50, tries: 1 });
    silent.os.echo({ text: 'a' }).catch((error) => console.log(error.name));
    globalThis.kept = [device, silent];`);
  assert.strictEqual(stdout.trim(), 'TimeoutError');
  assert.strictEqual(status, 0);
});

test('the process ends with requests in flight', () => {
  const { status } = run(`
    const silent = await smp.connect(new smp.Transport({ send() {} }));
    for (let i = 0; i < 100; i++) silent.os.echo({ text: 'a' }).catch(() => {});
    silent.img.upload(Buffer.alloc(1000)).catch(() => {});
    setTimeout(() => process.exit(3), 30);`);
  assert.strictEqual(status, 3);
});

/** With what process.exit() leaves of Node's own, a leak detector would have much to say. */
function run(code) {
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
  const result = spawnSync(process.execPath,
    ['-e', `const smp = require('libsmp'); (async () => {${code}})();`],
    { cwd: __dirname, encoding: 'utf8', timeout: 30000, env });
  assert.strictEqual(result.signal, null, result.stderr);
  return result;
}

const WORK = `
  const smp = require('libsmp');
  const { parentPort } = require('node:worker_threads');
  (async () => {
    const loop = new smp.Loop();
    const server = new smp.Server({ loop });
    server.handle('os.echo', ({ text }) => ({ text }));
    await server.listen('loopback:w');
    const device = await smp.connect('loopback:w', { loop });
    for (let i = 0; ; i++) {
      await device.os.echo({ text: 'hello' });
      if (i === 10) parentPort.postMessage('works');
    }
  })();`;

test('a process started meanwhile has nothing to do with it', async () => {
  const { device, close } = await pair();
  const waiting = Array.from({ length: 50 }, () => device.os.echo({ text: 'a' }));
  const { stdout } = run(`
    const server = new smp.Server().handle('os.echo', ({ text }) => ({ text }));
    await server.listen('loopback:x');
    console.log((await (await smp.connect('loopback:x')).os.echo({ text: 'child' })).text);
    await server.close();`);
  assert.strictEqual(stdout.trim(), 'child');
  await Promise.all(waiting);
  close();
});

test('an exception in onLog or onStep is uncaught, and the rest goes on', () => {
  const { stdout } = run(`
    process.on('uncaughtException', (error) => console.log(error.message));
    let lines = 0;
    const onLog = () => { if (++lines === 2) throw new Error('in onLog'); };
    const loop = new smp.Loop({ log: 'debug', onLog });
    const server = new smp.Server({ loop }).handle('os.echo', ({ text }) => ({ text }));
    server.handle('img.stateRead', () => ({ images: [] }));
    await server.listen('loopback:x');
    const device = await smp.connect('loopback:x', { loop });
    console.log((await device.os.echo({ text: 'fine' })).text);
    await device.update(Buffer.alloc(100), { onStep() { throw new Error('in onStep'); } }).catch(() => {});
    setTimeout(process.exit, 50);`);
  const lines = new Set(stdout.trim().split('\n'));
  assert.deepStrictEqual([...lines].sort(), ['fine', 'in onLog', 'in onStep']);
});

test('Workers work, and may be terminated at any time', async () => {
  for (let i = 0; i < 5; i++) {
    const workers = [0, 1].map(() => new Worker(WORK, { eval: true }));
    await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    })));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
});

test('100 000 requests leak nothing', { timeout: 300000 }, async () => {
  const { device, loop, close } = await pair();
  const round = async (count) => {
    for (let i = 0; i < count; i += 1000) {
      await Promise.all(Array.from({ length: 1000 }, () => device.os.echo({ text: 'hello' })));
    }
    collect();
    await turn();
    collect();
  };
  // The heap takes its time to find the size it likes; what leaks grows in every round.
  let grown = [];
  for (let rounds = 0; rounds < 8; rounds++) {
    const objects = loop.objects;
    const before = process.memoryUsage();
    await round(rounds === 0 ? 100000 : 20000);
    const after = process.memoryUsage();
    assert.strictEqual(loop.objects, objects);
    grown = ['heapUsed', 'external', 'rss'].map((name) => after[name] - before[name]);
    if (grown.every((bytes) => bytes < 20000 * 20)) break;
  }
  assert.ok(grown.every((bytes) => bytes < 20000 * 20), `20 000 requests took ${grown} bytes`);
  close();
});
