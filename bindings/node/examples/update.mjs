// SPDX-License-Identifier: Apache-2.0
// Updates a device: uploads, tries the new image, and keeps it when the device still answers.
//
//     node update.mjs udp://192.0.2.1:1337 zephyr.signed.bin
import { connect } from 'libsmp';

const [address, file] = process.argv.slice(2);
const device = await connect(address);
const update = device.update(file, {
  async decide() {
    return (await device.os.echo({ text: 'well?' })).text === 'well?';
  },
});
for await (const { phase, done, total } of update) {
  process.stdout.write(`\r${phase} ${done} of ${total} `);
}
console.log(`\n${(await update).text}`);
await device.close();
