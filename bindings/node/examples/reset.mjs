// SPDX-License-Identifier: Apache-2.0
// Resets a device.  It answers first, and is away for a moment after.
//
//     node reset.mjs udp://192.0.2.1:1337
import { connect } from 'libsmp';

const device = await connect(process.argv[2]);
await device.os.reset();
await device.close();
