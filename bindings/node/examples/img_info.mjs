// SPDX-License-Identifier: Apache-2.0
// Looks at a firmware file: which version, which hash, whole and undamaged?  Needs no device.
//
//     node img_info.mjs zephyr.signed.bin
import { readFile } from 'node:fs/promises';
import { parseImage } from 'libsmp';

const { version, isSigned, hash } = parseImage(await readFile(process.argv[2]));
console.log(`version ${version}, ${isSigned ? 'signed' : 'not signed'}, hash ${hash.toString('hex')}`);
