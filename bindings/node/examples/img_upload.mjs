// SPDX-License-Identifier: Apache-2.0
// Uploads a firmware file to a device, and shows how far it is.
//
//     node img_upload.mjs udp://192.0.2.1:1337 zephyr.signed.bin
import { connect } from 'libsmp';

const [address, file] = process.argv.slice(2);
const device = await connect(address);
for await (const { done, total } of device.img.upload(file)) {
  process.stdout.write(`\r${done} of ${total} bytes`);
}
console.log('\ndone');
await device.close();
