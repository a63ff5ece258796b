// SPDX-License-Identifier: Apache-2.0
'use strict';

const addon = require('./addon.js');
const { enums } = require('./generated.js');
const { Cbor } = require('./codec.js');
const { mapOf } = require('./custom.js');
const { Device, connect, ports } = require('./device.js');
const errors = require('./errors.js');
const { checkSignature, parseImage } = require('./image.js');
const { Loop } = require('./loop.js');
const { Refusal, Server } = require('./server.js');
const { Transfer } = require('./transfer.js');
const { Transport } = require('./transport.js');
const { Update } = require('./update.js');

module.exports = {
  ...enums,
  Cbor,
  Device,
  Loop,
  Refusal,
  Server,
  Transfer,
  Transport,
  Update,
  AbortError: errors.AbortError,
  DeviceError: errors.DeviceError,
  LinkError: errors.LinkError,
  SmpError: errors.SmpError,
  TimeoutError: errors.TimeoutError,
  checkSignature,
  connect,
  mapOf,
  parseImage,
  ports,
  version: addon.version(),
};
