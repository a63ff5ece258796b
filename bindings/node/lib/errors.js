// SPDX-License-Identifier: Apache-2.0
'use strict';

const addon = require('./addon.js');
const { ErrorCode } = require('./generated.js').enums;

/** What all errors of this package are. */
class SmpError extends Error {
  /**
   * @param {string} message
   * @param {string} code     "SMP_ERR_..."
   * @param {number} number   the same as enum smp_error
   */
  constructor(message, code = 'SMP_ERR_INVALID', number = ErrorCode[code.slice(8)]) {
    super(message);
    this.code = code;
    this.errno = number;
  }

  get name() {
    return this.constructor.name;
  }
}

/** No answer in the time allowed, or a transfer that made no progress. */
class TimeoutError extends SmpError {}

/** The link is down, nobody listens there, or what was used is closed. */
class LinkError extends SmpError {}

/** Cancelled: by an AbortSignal (`cause` is its reason), or by cancel(). */
class AbortError extends SmpError {
  constructor(message = 'The operation was aborted', cause = undefined) {
    super(message, 'SMP_ERR_CANCELLED');
    this.code = 'ABORT_ERR'; // as in all of Node
    if (cause !== undefined) this.cause = cause;
  }
}

/** The device said no. */
class DeviceError extends SmpError {
  constructor(message, { group, groupId, rc, name, meaning, reason, hint, response }) {
    super(message, 'SMP_ERR_DEVICE');
    this.code = name ?? `RC_${rc}`;
    this.group = group;
    this.groupId = groupId;
    this.rc = rc;
    this.meaning = meaning;
    this.reason = reason;
    this.hint = hint;
    this.response = response;
  }
}

const CLASSES = {
  [ErrorCode.TIMEOUT]: TimeoutError,
  [ErrorCode.STALLED]: TimeoutError,
  [ErrorCode.STUCK]: TimeoutError,
  [ErrorCode.STALE]: TimeoutError,
  [ErrorCode.CLOSED]: LinkError,
  [ErrorCode.REFUSED]: LinkError,
};

/** The error for a negative number of the library. */
function makeError(number, text, what) {
  if (number === ErrorCode.CANCELLED) return new AbortError();
  const Class = CLASSES[number] ?? SmpError;
  const message = text ?? addon.errorText(number);
  return new Class(what ? `${what}: ${message}` : message, addon.errorName(number), number);
}

/** Gives back what is no error. */
function check(result, what) {
  if (result < 0) throw makeError(result, undefined, what);
  return result;
}

module.exports = { SmpError, TimeoutError, LinkError, AbortError, DeviceError, makeError, check };
