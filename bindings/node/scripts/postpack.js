// SPDX-License-Identifier: Apache-2.0
'use strict';

const fs = require('node:fs');
const path = require('node:path');

fs.rmSync(path.join(__dirname, '..', 'csrc'), { recursive: true, force: true });
