// SPDX-License-Identifier: Apache-2.0
// Keeps the firmware that is running on trial; without this the next reset would undo it.
//
//     node img_confirm.mjs udp://192.0.2.1:1337
import { connect } from 'libsmp';

const device = await connect(process.argv[2]);
await device.img.stateWrite({ confirm: true });
await device.close();
