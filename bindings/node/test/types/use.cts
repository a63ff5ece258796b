// SPDX-License-Identifier: Apache-2.0
// The same from CommonJS; compiled, never run.
import smp = require('libsmp');
import testing = require('libsmp/testing');

async function main(): Promise<string> {
  const sim: testing.Simulation = await testing.simulate();
  const device: smp.Device = await smp.connect(sim.url);
  const { text } = await device.os.echo({ text: 'hello' });
  const update: smp.Update = device.update(Buffer.alloc(9), { goal: smp.UpdateState.TRIAL });
  const progress: smp.UpdateProgress | undefined = update.progress;
  const transfer: smp.Transfer<Buffer> = device.fs.download('/lfs/a');
  return text + progress?.phase + (await transfer).length;
}
void main;
