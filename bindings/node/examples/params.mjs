// SPDX-License-Identifier: Apache-2.0
// Asks how large a packet the device takes, and how many.
//
//     node params.mjs udp://192.0.2.1:1337
import { connect } from 'libsmp';

const device = await connect(process.argv[2]);
const { bufCount, bufSize } = await device.os.params();
console.log(`${bufCount} buffers of ${bufSize} bytes`);
await device.close();
