// SPDX-License-Identifier: Apache-2.0
'use strict';

const addon = require('./addon.js');
const { toBytes } = require('./codec.js');
const { check, makeError } = require('./errors.js');
const { enums } = require('./generated.js');

/** Parses a MCUboot image and checks its hash, unless `check` is false. */
function parseImage(data, options = {}) {
  const checked = options.check !== false;
  const { error, problem, ...image } = addon.imageRead(toBytes(data, 'the image'), checked);
  if (error !== 0) {
    const made = makeError(error, problem);
    if (error === enums.ErrorCode.CORRUPT) made.image = image;
    throw made;
  }
  return image;
}

/** Throws unless a MCUboot image is signed with a key, of which `pem` is the public half. */
function checkSignature(data, pem) {
  const key = typeof pem === 'string' ? Buffer.from(pem) : toBytes(pem, 'the key');
  check(addon.checkSignature(toBytes(data, 'the image'), key));
}

module.exports = { checkSignature, parseImage };
