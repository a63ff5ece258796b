// SPDX-License-Identifier: Apache-2.0
import smp from './index.js';

export * from './generated.mjs';
export const {
  AbortError,
  Cbor,
  Device,
  DeviceError,
  LinkError,
  Loop,
  Refusal,
  Server,
  SmpError,
  TimeoutError,
  Transfer,
  Transport,
  Update,
  checkSignature,
  connect,
  mapOf,
  parseImage,
  ports,
  version,
} = smp;
export default smp;
