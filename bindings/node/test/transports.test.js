// SPDX-License-Identifier: Apache-2.0
'use strict';

// Transports as programs write them, on stand-ins for what they stand on: noble's peripherals, the
// ports of Web Serial, and sockets.

const assert = require('node:assert');
const dgram = require('node:dgram');
const { EventEmitter } = require('node:events');
const test = require('node:test');

const smp = require('libsmp');
const { folder } = require('../lib/addon.js');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { simulate } = require('libsmp/testing');
const { makeImage } = require('./support.js');

const found = process.env.SMPSIM || fs.existsSync(path.join(folder, 'smpsim'));
const skip = found ? false : 'SKIPPED: no smpsim: build needs libpopt and libjansson for it';

/** A device; what it sends comes to `receive` in parts of so many bytes. */
async function makeBoard(partSize, receive) {
  const server = new smp.Server();
  server.handle('os.echo', ({ text }) => ({ text }));
  server.handle('os.params', () => ({ bufSize: 512, bufCount: 4 }));
  const radio = new smp.Transport({
    maxPacket: 512,
    send(packet) {
      for (let at = 0; at < packet.length; at += partSize) receive(packet.subarray(at, at + partSize));
    },
  });
  await server.listen(radio);
  return { server, radio };
}

// ---- noble ----

/** As noble's Characteristic and Peripheral, as far as it matters. */
class FakePeripheral extends EventEmitter {
  constructor(mtu) {
    super();
    this.mtu = mtu;
    this.characteristic = new EventEmitter();
    this.characteristic.subscribeAsync = async () => {};
    this.characteristic.writeAsync = async (data, withoutResponse) => {
      assert.ok(withoutResponse && data.length <= mtu - 3);
      if (!this.connected) throw new Error('not connected');
      this.board.radio.received(data);
    };
  }

  async connectAsync() {
    this.board ??= await makeBoard(this.mtu - 3, (part) => this.characteristic.emit('data', part));
    this.connected = true;
  }

  async disconnectAsync() {
    this.connected = false;
    this.emit('disconnect');
  }
}

/** SMP over Bluetooth with noble. */
class NobleTransport extends smp.Transport {
  constructor(peripheral) {
    super({ maxPacket: peripheral.mtu - 3 });
    this.peripheral = peripheral;
    peripheral.on('disconnect', () => this.down(new Error('the peripheral is gone')));
    peripheral.characteristic.on('data', (data) => this.receivedBytes(data));
  }

  async open() {
    await this.peripheral.connectAsync();
    await this.peripheral.characteristic.subscribeAsync();
  }

  send(packet) {
    return this.peripheral.characteristic.writeAsync(packet, true);
  }

  async reopen() {
    await this.open();
    this.up();
  }

  close() {
    return this.peripheral.disconnectAsync();
  }
}

test('a transport over Bluetooth, as with noble', async () => {
  const peripheral = new FakePeripheral(64);
  const device = await smp.connect(new NobleTransport(peripheral));
  const links = [];
  device.on('down', (error) => links.push(error.name)).on('up', () => links.push('up'));
  const text = 'some text that is longer than a part';
  assert.deepStrictEqual(await device.os.echo({ text }), { text });
  assert.strictEqual(device.maxPacket, 61);

  await peripheral.disconnectAsync();
  await assert.rejects(device.os.echo({ text }), (error) =>
    error instanceof smp.LinkError && error.cause.message === 'the peripheral is gone');
  await device._transport.reopen();
  assert.deepStrictEqual(await device.os.echo({ text }), { text });
  assert.deepStrictEqual(links, ['LinkError', 'up']);
  await device.close();
  assert.ok(!peripheral.connected);
  await peripheral.board.server.close();
});

// ---- Web Serial ----

/** As a SerialPort of Web Serial. */
class FakePort {
  async open() {
    const toHost = new TransformStream();
    const out = toHost.writable.getWriter();
    this.board = await makeBoard(7, (part) => { out.write(part).catch(() => {}); });
    this.readable = toHost.readable;
    this.writable = new WritableStream({ write: (data) => this.board.radio.receivedBytes(data) });
  }

  async close() {
    assert.ok(!this.readable.locked && !this.writable.locked, 'the streams are still locked');
  }
}

/** SMP over a port of Web Serial, packets bare, as Zephyr's raw UART transport has them. */
class WebSerialTransport extends smp.Transport {
  constructor(port) {
    super({ stream: true, maxPacket: 512 });
    this.port = port;
  }

  async open() {
    await this.port.open({ baudRate: 115200 });
    this.reader = this.port.readable.getReader();
    this.writer = this.port.writable.getWriter();
    this.reading = this.read().catch((error) => this.down(error));
  }

  async read() {
    for (;;) {
      const { value, done } = await this.reader.read();
      if (done) break;
      this.receivedBytes(value);
    }
    this.down(new Error('the port is gone'));
  }

  send(packet) {
    return this.writer.write(packet);
  }

  async close() {
    await this.reader.cancel();
    await this.reading;
    this.reader.releaseLock();
    this.writer.releaseLock();
    await this.port.close();
  }
}

test('a transport over streams, as of Web Serial', async () => {
  const port = new FakePort();
  const device = await smp.connect(new WebSerialTransport(port));
  const texts = Array.from({ length: 20 }, (_, i) => `text ${i}`);
  const answers = await Promise.all(texts.map((text) => device.os.echo({ text })));
  assert.deepStrictEqual(answers.map(({ text }) => text), texts);
  await device.close();
  await port.board.server.close();
});

// ---- an update over a link that a reset takes away ----

test('an update over a transport of one\'s own, whose link is lost at the reset', { skip, timeout: 60000 },
  async (t) => {
    const first = path.join(os.tmpdir(), `libsmp-transport-${process.pid}.bin`);
    fs.writeFileSync(first, makeImage(5000, [1, 0, 0, 0]));
    t.after(() => fs.rmSync(first));
    const sim = await simulate({ image: first, args: ['--boot-time', '50'] });
    t.after(() => sim.close());
    const { port } = new URL(sim.url);
    const socket = dgram.createSocket('udp4');
    let reopened = 0;
    const line = new smp.Transport({
      send(packet) {
        socket.send(packet, Number(port), '127.0.0.1');
        if (packet.readUInt16BE(4) === 0 && packet[7] === 5) setTimeout(() => line.down(), 30); // reset
      },
      async reopen() {
        if (++reopened === 1) throw new Error('not yet');
        line.up();
      },
      close: () => socket.close(),
    });
    socket.on('message', (packet) => line.received(packet));
    const device = await smp.connect(line);
    t.after(() => device.close());
    const report = await device.update(makeImage(9000, [2, 0, 0, 0]), { goal: smp.UpdateState.CONFIRMED });
    assert.strictEqual(report.state, smp.UpdateState.CONFIRMED);
    assert.strictEqual(reopened, 2);
  });

// ---- what goes wrong in them ----

test('an exception in each function of a transport', async () => {
  const broken = new Error('broken');
  const fail = () => { throw broken; };
  const send = () => {};
  await assert.rejects(smp.connect(new smp.Transport({ send, open: fail })), broken);
  await assert.rejects(smp.connect(new smp.Transport({ send, open: async () => fail() })), broken);
  for (const sends of [fail, async () => fail()]) {
    const device = await smp.connect(new smp.Transport({ send: sends }));
    await assert.rejects(device.os.echo({ text: 'a' }), { name: 'LinkError', cause: broken });
    await device.close();
  }
  const device = await smp.connect(new smp.Transport({ send, close: fail }));
  await assert.rejects(device.close(), broken);
  const unfinished = await smp.connect(new smp.Transport({}));
  await assert.rejects(unfinished.os.echo({ text: 'a' }), { name: 'LinkError' });
  await unfinished.close();
  for (const bad of [undefined, null, 1, 'text', [1]]) {
    assert.throws(() => new smp.Transport({ send }).received(bad), TypeError);
    assert.throws(() => new smp.Transport({ send }).receivedBytes(bad), TypeError);
  }
});

test('a transport serves one device', async () => {
  const line = new smp.Transport({ send() {} });
  const device = await smp.connect(line);
  await assert.rejects(smp.connect(line), smp.LinkError);
  await assert.rejects(new smp.Server().listen(line), smp.LinkError);
  line.received(Buffer.alloc(3)); // noise
  line.receivedBytes(Buffer.from([1, 2, 255, 255, 3]));
  await device.close();
  line.received(Buffer.alloc(3)); // late
  line.up();
  line.down();
});
