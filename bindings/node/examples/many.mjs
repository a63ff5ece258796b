// SPDX-License-Identifier: Apache-2.0
// Asks many devices at once which firmware they run.
//
//     node many.mjs udp://192.0.2.1 udp://192.0.2.2 'udp://[2001:db8::3]:1337'
import { connect } from 'libsmp';

async function ask(address) {
  try {
    const device = await connect(address);
    const { images } = await device.img.stateRead();
    console.log(`${address}: ${images.find(({ active }) => active)?.version}`);
    await device.close();
  } catch (error) {
    console.log(`${address}: ${error.message}`);
  }
}

await Promise.all(process.argv.slice(2).map(ask));
