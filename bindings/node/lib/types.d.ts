// SPDX-License-Identifier: Apache-2.0
/// <reference types="node" />

/**
 * Whole numbers of 64 bits: a number when that holds it exactly (up to 2^53 - 1), else a bigint.
 * Both are taken where one is wanted.
 */
export type Int = number | bigint;

/** A CBOR item as it stands on the wire, where a value may be of any type. */
export declare class Cbor {
  constructor(bytes: Data);
  readonly bytes: Uint8Array;
}

/** A field whose type varies. */
export type Value = boolean | Int | string | Uint8Array | Cbor | null;

/** Binary data. */
export type Data = Uint8Array | ArrayBuffer | ArrayBufferView;

export interface CallOptions {
  /** Ends the request early, with AbortError.  `AbortSignal.timeout(ms)` is one, too. */
  signal?: AbortSignal;
}
