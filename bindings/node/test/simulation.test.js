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

test('an update: upload, test, reset, look, confirm', { skip, timeout: 60000 }, async () => {
  const first = path.join(os.tmpdir(), `libsmp-first-${process.pid}.bin`);
  fs.writeFileSync(first, makeImage(20000, [1, 0, 0, 0]));
  const sim = await simulate({ image: first, args: ['--boot-time', '50'] });
  fs.rmSync(first);
  const device = await sim.connect();
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
  await device.close();
  await sim.close();
});
