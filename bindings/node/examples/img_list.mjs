// SPDX-License-Identifier: Apache-2.0
// Lists the firmware in a device.
//
//     node img_list.mjs udp://192.0.2.1:1337
import { connect } from 'libsmp';

const device = await connect(process.argv[2]);
for (const { image = 0, slot, version, ...flags } of (await device.img.stateRead()).images) {
  const set = Object.keys(flags).filter((name) => flags[name] === true);
  console.log(`image ${image}, slot ${slot}: ${version} ${set.join(' ')}`);
}
await device.close();
