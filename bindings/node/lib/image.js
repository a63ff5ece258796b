// SPDX-License-Identifier: Apache-2.0
'use strict';

const addon = require('./addon.js');
const { toBytes } = require('./codec.js');
const { makeError } = require('./errors.js');
const { enums } = require('./generated.js');

/** Parses a MCUboot image and checks its hash, unless `check` is false. */
function parseImage(data, { check = true } = {}) {
  const { error, problem, ...image } = addon.imageRead(toBytes(data, 'the image'), Boolean(check));
  if (error !== 0) {
    const made = makeError(error, problem);
    if (error === enums.ErrorCode.CORRUPT) made.image = image;
    throw made;
  }
  return image;
}

module.exports = { parseImage };
