// SPDX-License-Identifier: Apache-2.0
// Sends text to a device, and prints what comes back.
//
//     node echo.mjs udp://192.0.2.1:1337 hello
import { connect } from 'libsmp';

const [address, text] = process.argv.slice(2);
const device = await connect(address);
console.log((await device.os.echo({ text })).text);
await device.close();
