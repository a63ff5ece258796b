// SPDX-License-Identifier: Apache-2.0
'use strict';

// The compiled half: as the package brought it, or as scripts/build.js made it here.

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** Where the addon and the simulated device are. */
function findFolder() {
  const places = [
    process.env.SMP_NODE_ADDON,
    path.join(root, 'prebuilds', `${process.platform}-${process.arch}`),
  ];
  const found = places.find((place) => place && fs.existsSync(path.join(place, 'smp.node')));
  if (!found) {
    throw new Error(`libsmp: no addon for ${process.platform}-${process.arch} in this package; ` +
      `build it with: npm run build (in ${root})`);
  }
  return found;
}

const folder = findFolder();
const addon = require(path.join(folder, 'smp.node'));

module.exports = addon;
module.exports.folder = folder;
