// SPDX-License-Identifier: Apache-2.0
'use strict';

// After `npm install`: the addon that came along is tried; where it does not load, one is built.

const fs = require('node:fs');
const path = require('node:path');

const inClone = !fs.existsSync(path.join(__dirname, '..', 'csrc'));
try {
  require('../lib/addon.js');
} catch (error) {
  if (inClone) {
    console.log('libsmp: in a clone of the sources the addon is built by: npm run build');
  } else {
    console.log(`libsmp: ${error.message.split('\n')[0]}`);
    console.log('libsmp: building from source');
    require('./build.js');
  }
}
