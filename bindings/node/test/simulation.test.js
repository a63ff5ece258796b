// SPDX-License-Identifier: Apache-2.0
'use strict';

// Against the simulated device: an update as the README shows it.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');

const smp = require('libsmp');
const { folder } = require('../lib/addon.js');
const { simulate } = require('libsmp/testing');
const { makeImage } = require('./support.js');

const found = process.env.SMPSIM || fs.existsSync(path.join(folder, 'smpsim'));
const skip = found ? false : 'SKIPPED: no smpsim: build needs libpopt and libjansson for it';

/** A simulated device that runs 1.0.0, until the test ends. */
async function start(t) {
  const first = path.join(os.tmpdir(), `libsmp-first-${process.pid}.bin`);
  fs.writeFileSync(first, makeImage(20000, [1, 0, 0, 0]));
  const sim = await simulate({ image: first, args: ['--boot-time', '50'] });
  t.after(() => sim.close());
  fs.rmSync(first);
  const device = await sim.connect();
  t.after(() => device.close());
  return { sim, device };
}

test('an update as the README has it', { skip, timeout: 60000 }, async (t) => {
  const { device } = await start(t);
  const phases = new Set();
  const steps = [];
  let asked;
  const update = device.update(makeImage(60000, [2, 0, 0, 0]), {
    onStep: ({ phase, error, report }) => steps.push([phase, error, report.toVersion]),
    decide: async (report) => {
      asked = report;
      return (await device.os.echo({ text: 'well?' })).text === 'well?';
    },
  });
  for await (const { phase, done, total } of update) {
    phases.add(phase);
    assert.ok(Number.isInteger(done) && Number.isInteger(total));
  }
  const report = await update;
  assert.strictEqual(report.state, smp.UpdateState.CONFIRMED, report.text);
  assert.strictEqual(report.toVersion, '2.0.0');
  assert.strictEqual(asked.state, smp.UpdateState.TRIAL);
  assert.ok(phases.has('checking') && phases.has('uploading') && phases.has('deciding'), [...phases].join());
  assert.ok(steps.every(([, error, version]) => error === undefined && version === '2.0.0'));
  assert.strictEqual(steps.at(-1)[0], 'done');
  const again = await device.update(makeImage(60000, [2, 0, 0, 0]));
  assert.ok(again.same, 'nothing to do');
});

test('updates that fail have a report', { skip, timeout: 60000 }, async (t) => {
  const { device } = await start(t);
  const image = makeImage(60000, [2, 0, 0, 0]);
  const fails = async (update, check) => {
    const error = await update.then(() => assert.fail('it went well'), (reason) => reason);
    check(error);
    return error;
  };
  await fails(device.update(Buffer.from('no firmware')), (error) => {
    assert.strictEqual(error.code, 'SMP_ERR_NOT_IMAGE');
    assert.strictEqual(error.report.state, smp.UpdateState.UNTOUCHED);
    assert.strictEqual(error.message, error.report.text);
  });
  await fails(device.update(makeImage(99, [0, 1, 0, 0]), { noDowngrade: true }), (error) =>
    assert.strictEqual(error.code, 'SMP_ERR_DOWNGRADE'));
  await fails(device.update(image, { key: '-----BEGIN NONSENSE-----' }), (error) =>
    assert.ok(error instanceof smp.SmpError && error.report));
  await fails(device.update(image, { key: '/no/such/key' }), (error) =>
    assert.strictEqual(error.code, 'ENOENT'));
  for (const options of [{ decide: 1 }, { onStep: {} }, { goal: 'trial' }, { again: 1 }]) {
    await fails(device.update(image, options), (error) => assert.ok(error instanceof TypeError));
  }
  await fails(device.update(image, { goal: 77 }), (error) =>
    assert.strictEqual(error.code, 'SMP_ERR_INVALID'));
  await fails(device.update(), (error) => assert.ok(error instanceof TypeError));
  await fails(device.update(Buffer.alloc(0)), (error) => assert.ok(error instanceof smp.SmpError));

  const aborted = new AbortController();
  const update = device.update(image, { signal: aborted.signal });
  await fails((async () => {
    for await (const { phase } of update) if (phase === 'uploading') aborted.abort('enough');
  })(), (error) => {
    assert.ok(error instanceof smp.AbortError);
    assert.strictEqual(error.cause, 'enough');
    assert.ok(error.report.text);
  });

  const mistake = new Error('in decide');
  await fails(device.update(image, { decide: () => { throw mistake; } }), (error) =>
    assert.strictEqual(error, mistake));
  const { images } = await device.img.stateRead();
  const active = images.find((one) => one.active);
  assert.strictEqual(active.version, '2.0.0');
  assert.ok(!active.confirmed, 'left on trial');
});

test('an update ends when the device is closed while it is decided', { skip, timeout: 60000 }, async (t) => {
  const { device } = await start(t);
  const update = device.update(makeImage(2000, [2, 0, 0, 0]), {
    decide: () => { device.destroy(); return true; },
  });
  await assert.rejects(update, smp.LinkError);
});

test('an update by hand: upload, test, reset, look, confirm', { skip, timeout: 60000 }, async (t) => {
  const { device } = await start(t);
  const data = makeImage(60000, [2, 0, 0, 0]);
  const { hash } = smp.parseImage(data);
  await device.img.upload(data);
  await device.img.stateWrite({ hash });
  await device.os.reset();
  let active;
  for (let i = 0; i < 50 && !active?.hash?.equals(hash); i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const state = await device.img.stateRead().catch(() => ({ images: [] }));
    active = state.images.find((image) => image.active);
  }
  assert.ok(active.hash.equals(hash));
  assert.strictEqual(active.version, '2.0.0');
  assert.ok(!active.confirmed);
  const { images } = await device.img.stateWrite({ confirm: true });
  assert.ok(images.find((image) => image.active).confirmed);
  assert.deepStrictEqual(await device.os.echo({ text: 'hello' }), { text: 'hello' });
  for await (const [name, counters] of device.stat.all()) {
    assert.ok(name.length > 0 && Object.keys(counters).length > 0);
  }
});
