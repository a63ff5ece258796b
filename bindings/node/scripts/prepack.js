// SPDX-License-Identifier: Apache-2.0
'use strict';

// Before `npm pack`: the C sources join the package, so that it can be built where the addon in it
// does not load.

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const clone = path.join(root, '..', '..');
const csrc = path.join(root, 'csrc');

if (!fs.existsSync(path.join(root, 'lib', 'generated.js'))) {
  throw new Error('build it first: npm run build');
}
fs.rmSync(csrc, { recursive: true, force: true });
for (const part of ['CMakeLists.txt', 'LICENSE', 'libsmp', 'include', 'pkgconfig', 'bindings/shim']) {
  fs.cpSync(path.join(clone, part), path.join(csrc, part), { recursive: true });
}
