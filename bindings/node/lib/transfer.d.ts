// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { ImgUploadResponse } from './generated';
import type { CallOptions, Data, Int } from './types';

/** How far a transfer is. */
export interface Progress {
  /** The device may be erasing while it is "starting". */
  phase: 'starting' | 'sending' | 'done' | 'paused' | 'reconnecting';
  /** Bytes the device has confirmed. */
  done: number;
  total: number;
  /** Where it was taken up: bytes the device had already. */
  start: number;
  /** Bytes a second since the first answer, 0 while unknown. */
  rate: number;
  /** Milliseconds left, estimated; 0 while unknown. */
  leftMs: number;
  /** Bytes of data in the last packet. */
  chunk: number;
  /** Packets that may be on the way. */
  window: number;
}

/**
 * Something under way: a promise of its end, and an async iterable of its progress.
 *
 *     for await (const { done, total } of operation) console.log(done, total);
 *
 * The loop ends as the operation does, and throws what it throws.  Leaving the loop early leaves
 * the operation alone; cancel() ends it.
 */
export interface Operation<T, P> extends Promise<T>, AsyncIterable<P> {
  [Symbol.asyncIterator](): AsyncGenerator<P, void, undefined>;
  /** How far it is; undefined before the first answer. */
  readonly progress: P | undefined;
  /** Ends it with AbortError. */
  cancel(): void;
}

export interface Transfer<T = void> extends Operation<T, Progress> {}
/** A transfer under way. */
export declare class Transfer<T = void> {
  private constructor();
  /** Sends nothing more until resume(). */
  pause(): void;
  resume(): void;
}

/** Data that is read when it is wanted, any part maybe more than once. */
export interface PullSource {
  size: number;
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** Memory, a file's path, an open file, a Blob, a stream (read to its end first), or a PullSource. */
export type Source =
  | Data
  | string
  | URL
  | FileHandle
  | Blob
  | AsyncIterable<Uint8Array | string>
  | PullSource;

/** A file's path, a stream, or whatever takes parts; they may come out of order. */
export type Sink =
  | string
  | URL
  | Writable
  | { write(data: Buffer, offset: number): void | Promise<unknown> };

export interface TransferOptions extends CallOptions {
  /** At most so many packets on the way; default: as many as the device has buffers for. */
  window?: number;
  /** At most so many bytes of data in a packet; default: fill it. */
  chunk?: number;
  /** Patience for the answer to the first chunk, for which the device may erase. */
  firstChunkMs?: number;
  /** A transfer without progress for so long ends. */
  stallMs?: number;
}

export interface ImgUploadOptions extends TransferOptions {
  /** Image number, 0 for the application. */
  image?: number;
  /** Let the device refuse what is not newer. */
  upgrade?: boolean;
  /** SHA-256 of the whole source; computed when not given. */
  sha?: Uint8Array;
  /** The image's own hash; read from the image when not given. */
  hash?: Uint8Array;
}

export interface FsOptions extends TransferOptions {
  /** Downloading: bytes there are already.  Uploading: not 0 goes on where the device's file ends. */
  resume?: number;
}

export interface ImgTransfers {
  /** Uploads an image as fast as the device takes it; takes up an interrupted upload. */
  upload(source: Source, options?: ImgUploadOptions): Transfer<ImgUploadResponse>;
}

export interface FsTransfers {
  /** Sends a file. */
  upload(name: string, source: Source, options?: FsOptions): Transfer<void>;
  /** Fetches a file into a Buffer. */
  download(name: string, options?: FsOptions & { to?: undefined }): Transfer<Buffer>;
  /** Fetches a file to where `to` says. */
  download(name: string, options: FsOptions & { to: Sink }): Transfer<void>;
}

export interface StatWalk {
  /** Every section with its counters. */
  all(options?: CallOptions): AsyncGenerator<[string, Record<string, Int>], void, undefined>;
}
