// SPDX-License-Identifier: Apache-2.0
'use strict';

// The examples: the same names as in C, and each does what it says.

const assert = require('node:assert');
const { execFile, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { promisify } = require('node:util');

const smp = require('libsmp');
const { folder: addonFolder } = require('../lib/addon.js');
const { simulate } = require('libsmp/testing');
const { makeImage, root } = require('./support.js');

const folder = path.join(__dirname, '..', 'examples');
const names = fs.readdirSync(folder).map((name) => path.parse(name).name);
const found = process.env.SMPSIM || fs.existsSync(path.join(addonFolder, 'smpsim'));
const skip = found ? false : 'SKIPPED: no smpsim: build needs libpopt and libjansson for it';

async function run(name, ...options) {
  const program = [path.join(folder, `${name}.mjs`), ...options];
  return (await promisify(execFile)(process.execPath, program, { timeout: 20000 })).stdout.trim();
}

test('the same names as in C', () => {
  const inC = fs.readdirSync(path.join(root, 'examples')).filter((name) => name.endsWith('.c'))
    .map((name) => path.parse(name).name);
  assert.deepStrictEqual(names.sort(), inC.sort());
});

test('each does what it says', { skip, timeout: 60000 }, async (t) => {
  const data = makeImage(20000, [1, 2, 3, 0]);
  const file = path.join(os.tmpdir(), `libsmp-example-${process.pid}.bin`);
  fs.writeFileSync(file, data);
  const sim = await simulate({ image: file });
  t.after(() => sim.close());
  t.after(() => fs.rmSync(file));
  const hash = smp.parseImage(data).hash.toString('hex');
  assert.strictEqual(await run('echo', sim.url, 'hello'), 'hello');
  assert.strictEqual(await run('img_info', file), `version 1.2.3, not signed, hash ${hash}`);
  assert.match(await run('img_list', sim.url), /image 0, slot 0: 1\.2\.3 .*active/);
  assert.match(await run('img_upload', sim.url, file), /20072 of 20072 bytes\ndone$/);
  assert.strictEqual(await run('many', sim.url, sim.url),
    `${sim.url}: 1.2.3\n${sim.url}: 1.2.3`);
  assert.strictEqual(await run('params', sim.url), '4 buffers of 2048 bytes');
  assert.match(await run('raw', sim.url), /^(bf|a2)( [0-9a-f]{2})+$/);
  await run('img_confirm', sim.url);
  fs.writeFileSync(file, makeImage(20000, [2, 0, 0, 0]));
  assert.match(await run('update', sim.url, file), /1\.2\.3 to 2\.0\.0: .*keeps it/);
  await run('reset', sim.url);
});

test('server', async (t) => {
  const child = spawn(process.execPath, [path.join(folder, 'server.mjs'), '127.0.0.1:0']);
  t.after(() => child.kill());
  const line = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
  const device = await smp.connect(/udp:\S+/.exec(line)[0]);
  assert.deepStrictEqual(await device.os.echo({ text: 'hi' }), { text: 'hi' });
  await device.close();
});

test('the lines of the README update a device', { skip, timeout: 60000 }, async (t) => {
  const readme = fs.readFileSync(path.join(__dirname, '..', 'README.md'), 'utf8');
  const lines = /## Update a device\n\n```js\n(.*?)```/s.exec(readme)[1];
  const first = path.join(os.tmpdir(), `libsmp-readme-1-${process.pid}.bin`);
  const second = path.join(os.tmpdir(), `libsmp-readme-2-${process.pid}.bin`);
  const program = path.join(__dirname, `readme-${process.pid}.mjs`); // in the package, which it imports
  t.after(() => { for (const file of [first, second, program]) fs.rmSync(file, { force: true }); });
  fs.writeFileSync(first, makeImage(20000, [1, 0, 0, 0]));
  fs.writeFileSync(second, makeImage(20000, [2, 0, 0, 0]));
  const sim = await simulate({ image: first, args: ['--boot-time', '50'] });
  t.after(() => sim.close());
  fs.writeFileSync(program, lines.replace('udp://192.0.2.1:1337', sim.url)
    .replace("'zephyr.signed.bin'", JSON.stringify(second)));
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 30000 });
  assert.match(stdout, /^uploading \d+ of 20072$/m);
  const device = await sim.connect();
  const { images } = await device.img.stateRead();
  await device.close();
  assert.ok(images.some(({ active, confirmed, version }) => active && confirmed && version === '2.0.0'));
});
