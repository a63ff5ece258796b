// SPDX-License-Identifier: Apache-2.0
import type { UpdateReport } from './generated';

/** What all errors of this package are. */
export declare class SmpError extends Error {
  /** "SMP_ERR_..."; of DeviceError the name of the device's code; of AbortError "ABORT_ERR". */
  readonly code: string;
  /** The same as number: see {@link ErrorCode}. */
  readonly errno: number;
  /** The CBOR key that was wrong, with SMP_ERR_MALFORMED. */
  readonly key?: string;
  /** Of an update: how far it came, and what the device is left with. */
  readonly report?: UpdateReport;
  /** errno of the operating system, where it said why. */
  readonly systemError?: number;
}

/** No answer in the time allowed, or a transfer that made no progress. */
export declare class TimeoutError extends SmpError {}

/** The link is down, nobody listens there, or what was used is closed. */
export declare class LinkError extends SmpError {}

/** Cancelled: by an AbortSignal, whose reason is `cause`, or by cancel(). */
export declare class AbortError extends SmpError {}

/** The device said no. */
export declare class DeviceError extends SmpError {
  /** Whose code it is: "img"; null for a global one. */
  readonly group: string | null;
  readonly groupId: number | null;
  /** The number on the wire. */
  readonly rc: number;
  /** What the code means. */
  readonly meaning?: string;
  /** What the device said about it. */
  readonly reason?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** What else was in the answer, any field may be missing. */
  readonly response?: unknown;
}
