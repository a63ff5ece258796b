// SPDX-License-Identifier: Apache-2.0
// Asks for something the library has no call for: any group, any command, any CBOR.
// Here group 0, command 6 (parameters), printed as it came.
//
//     node raw.mjs udp://192.0.2.1:1337
import { connect } from 'libsmp';

const device = await connect(process.argv[2]);
const payload = Buffer.from([0xa0]); // an empty map
const answer = await device.request({ group: 0, command: 6, op: 'read', payload });
console.log(answer.toString('hex').match(/../g).join(' '));
await device.close();
