// SPDX-License-Identifier: Apache-2.0
// Compiled, never run: what a user writes has the types a user expects.
import {
  DeviceError, ImgRc, Loop, Rc, Refusal, Server, Transport, UpdateState, checkSignature, connect, mapOf, parseImage,
} from 'libsmp';
import type { Image, ImgStateResponse, Int, Progress, UpdateReport } from 'libsmp';
import { simulate } from 'libsmp/testing';

const loop = new Loop({ log: 'debug', onLog: (level: string, text: string) => void [level, text] });
const demo = loop.defineGroup(70, 'demo', {
  commands: {
    blink: { id: 0, op: 'write', request: { times: 'uint8', 'colour?': 'str' } },
    list: { id: 1, op: 'read', response: { leds: [{ name: 'str', 'on?': 'bool' }], counts: mapOf('uint') } },
  },
  codes: [{ rc: 2, name: 'NO_LED' }],
});

const device = await connect('udp://192.0.2.1', { loop, timeoutMs: 100 });
const state: ImgStateResponse = await device.img.stateRead();
const hash: Buffer | Uint8Array | undefined = state.images[0]?.hash;
if (hash) await device.img.stateWrite({ hash, confirm: false });
const transfer = device.img.upload(Buffer.alloc(10), { signal: AbortSignal.timeout(1000) });
for await (const progress of transfer) {
  const done: Progress['done'] = progress.done;
  void done;
}
const off: Int | undefined = (await transfer).off;
transfer.pause();
transfer.resume();
const update = device.update('a.bin', {
  decide: async ({ state, text }) => state === UpdateState.TRIAL && text.length > 0,
  goal: UpdateState.CONFIRMED,
  onStep: ({ phase, error }) => void [phase === 'done', error?.code],
});
for await (const { phase, done } of update) if (phase === 'uploading') void done;
const report: UpdateReport = await update;
const reached: string = report.text;
const whole: Buffer = await device.fs.download('/lfs/a');
await device.fs.download('/lfs/a', { to: '/tmp/a' });
for await (const [name, counters] of device.stat.all()) void [name, counters['x']];
const leds = await device.group(demo).list();
const name: string = leds.leds[0]!.name;
const count: Int | undefined = leds.counts['red'];
await device.group(demo).blink({ times: 3 });
const text: string = (await device.call('os.echo', { text: 'hello' })).text;

// @ts-expect-error  no such field
await device.os.echo({ txt: 'hello' });
// @ts-expect-error  wrong type
await device.os.echo({ text: 1 });
// @ts-expect-error  must be given
await device.os.echo();
// @ts-expect-error  no such command
await device.os.nonsense();
// @ts-expect-error  times must be given
await device.group(demo).blink({});
// @ts-expect-error  not a number before it is known to be safe
const unsafe: number = (await transfer).off;

const server = new Server({ loop }).handle('os.echo', ({ text: said }) => ({ text: said }));
server.handle('img.stateRead', () => {
  throw new Refusal(ImgRc.NO_IMAGE, { ofGroup: true });
});
// @ts-expect-error  the answer has a text
server.handle('os.echo', () => ({ r: 1 }));

class Line extends Transport {
  override async send(packet: Buffer): Promise<void> {
    this.received(packet);
  }
}
await connect(new Line({ maxPacket: 512 }));
try {
  await device.os.reset();
} catch (error) {
  if (error instanceof DeviceError && error.rc === Rc.BUSY) console.log(error.hint);
}
checkSignature(whole, '-----BEGIN PUBLIC KEY-----');
const image: Image = parseImage(whole);
await (await simulate({ args: ['--v1'] })).close();
void [reached, off, name, count, text, unsafe, image];
