// SPDX-License-Identifier: Apache-2.0
/// <reference types="node" />
import { EventEmitter } from 'node:events';
import type { Calls, Group, GroupSpec } from './custom';
import type { LinkError, SmpError } from './errors';
import type { Commands, DeviceGroups } from './generated';
import type { Source } from './transfer';
import type { CallOptions, Data } from './types';
import type { Update, UpdateOptions } from './update';

export * from './custom';
export * from './errors';
export * from './generated';
export * from './transfer';
export * from './update';
export * from './types';

/** The version of the library inside. */
export declare const version: string;

export interface LoopOptions {
  /** Log lines up to this level; default: none. */
  log?: 'critical' | 'error' | 'warn' | 'info' | 'debug';
  /** Default: console.error. */
  onLog?: (level: string, text: string) => void;
  /** Requests that may wait, of all devices together. */
  backlog?: number;
}

/** A world of its own of devices and servers.  Most programs do with the one that is there. */
export declare class Loop {
  constructor(options?: LoopOptions);
  /** Registers a group of the program's own, before the first connection or server of this loop. */
  defineGroup<const S extends GroupSpec>(id: number, name: string, spec: S): Group<S>;
  /** How many sessions, transports, requests and so on there are: for tests of leaks. */
  readonly objects: number;
  /** Closes all that was made with it at once; what is under way ends with LinkError. */
  close(): void;
}

/** A bad link, for tests.  Chances are in parts of a million. */
export interface Faults {
  seed?: number;
  drop?: number;
  duplicate?: number;
  reorder?: number;
  corrupt?: number;
  truncate?: number;
  delayNs?: number;
  jitterNs?: number;
  silentAfter?: number;
  dropAbove?: number;
}

/** How a session behaves; what is left out or 0 is the default. */
export interface ConnectOptions {
  loop?: Loop;
  signal?: AbortSignal;
  /** For each try.  Default 2500. */
  timeoutMs?: number;
  /** For requests that may be repeated, the first included.  Default 3. */
  tries?: number;
  /** From the call to the end, waiting included. */
  deadlineMs?: number;
  /** How long an abandoned request keeps its place with the device.  Default 4000. */
  graceMs?: number;
  /** Requests with the device at a time; default: by its parameters. */
  window?: number;
  /** Cap on the packet size, header included. */
  maxPacket?: number;
  /** Most requests waiting to be sent.  What is more waits in front of it. */
  queue?: number;
  /** Speak SMP v1 from the start. */
  v1?: boolean;
  /** Never ask for the device's parameters. */
  noParams?: boolean;
  /** Repeat requests that are not idempotent too. */
  retryAll?: boolean;
  firstChunkMs?: number;
  stallMs?: number;
  faults?: Faults;
}

/** What a session has seen.  Packets, except where said. */
export interface SessionStats {
  sent: number;
  answered: number;
  repeated: number;
  late: number;
  strange: number;
  lost: number;
  bytesSent: number;
  bytesReceived: number;
}

export interface RawRequest {
  group: number;
  command: number;
  /** Default "read". */
  op?: 'read' | 'write';
  /** CBOR; default: an empty map. */
  payload?: Data;
}

export interface Device extends DeviceGroups {}
/**
 * A session with one device: connect() makes it.
 *
 * Events: "up" and "down" (with the reason) of the link, "console" (text that shares a serial
 * line), "close".
 */
export declare class Device extends EventEmitter {
  private constructor();
  readonly loop: Loop;
  readonly closed: boolean;
  /** Calls one command by its name. */
  call<N extends keyof Commands>(
    name: N,
    request?: Commands[N]['request'],
    options?: CallOptions,
  ): Promise<Commands[N]['response']>;
  /** The commands of a group that defineGroup() gave. */
  group<S extends GroupSpec>(group: Group<S>): Calls<S>;
  /** The commands of a group by its name. */
  group<N extends keyof DeviceGroups>(name: N): DeviceGroups[N];
  /** Sends any CBOR to any group and command, and gives the answer's CBOR. */
  request(request: RawRequest, options?: CallOptions): Promise<Buffer>;
  /** Updates the firmware: await it for its report, or look at its progress. */
  update(source: Source, options?: UpdateOptions): Update;
  /** What the session has seen so far. */
  stats(): SessionStats;
  /** Requests that may be with the device now. */
  readonly window: number;
  /** The largest packet that may be sent now, header included. */
  readonly maxPacket: number;
  /** Text for a shell on the same serial line. */
  print(text: string | Data): void;
  /** Opens a serial port again that went away: now and then, until it does not throw. */
  reopen(): void;
  /** Lets what was begun come to its end, then closes. */
  close(): Promise<void>;
  /** Closes at once: what is under way ends with LinkError. */
  destroy(): void;
  /** close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
  on(event: 'up' | 'close', listener: () => void): this;
  on(event: 'down', listener: (reason: LinkError | SmpError) => void): this;
  on(event: 'console', listener: (text: Buffer) => void): this;
}

/**
 * Connects to a device: "udp://192.0.2.1:1337", "serial:///dev/ttyACM0?baud=115200",
 * "loopback:name", or a Transport of the program's own.
 */
export declare function connect(
  target: string | URL | Transport,
  options?: ConnectOptions,
): Promise<Device>;

export interface SerialPort {
  path: string;
  description?: string;
  /** USB vendor; with product and the texts, when it is a USB device. */
  vendor?: number;
  product?: number;
  manufacturer?: string;
  productName?: string;
  serialNumber?: string;
}
/** The serial ports of this machine. */
export declare function ports(): SerialPort[];

export interface TransportOptions {
  /** Packets share one ordered line; else each arrives whole or vanishes. */
  stream?: boolean;
  /** Largest packet, header included. */
  maxPacket?: number;
  /** Bytes that framing takes of the device's buffer, beside the packet. */
  overhead?: number;
  /** Most requests with the device. */
  window?: number;
  open?: Transport['open'];
  send?: Transport['send'];
  reset?: Transport['reset'];
  reopen?: Transport['reopen'];
  close?: Transport['close'];
}

/**
 * Carries whole SMP packets: derive from it, or pass send() with the options.  Call received().
 *
 * What send() throws, or rejects with, takes the link down, and is the `cause` of the LinkError
 * that requests under way end with.
 */
export declare class Transport {
  constructor(options?: TransportOptions);
  /** Called once, before anything is sent. */
  open(): void | Promise<void>;
  /**
   * Sends one packet.  The next one comes when what this returns is settled.
   * @param peer  For servers: who is to get it, as given to received().
   */
  send(packet: Buffer, peer?: Buffer): void | Promise<unknown>;
  /** Called when a packet received in part should be forgotten. */
  reset(): void;
  /**
   * Called about twice a second while the link is down and somebody waits for it, as an update
   * does after a reset: get it back, and call up().
   */
  reopen(): void | Promise<unknown>;
  /** Called once, after everything. */
  close(): void | Promise<void>;
  /** Hands over one whole packet. */
  received(packet: Data, peer?: Uint8Array): void;
  /** Hands over bytes as they come, of a stream of packets or of packets in several parts. */
  receivedBytes(data: Data): void;
  /** The link went away. */
  down(error?: unknown): void;
  /** The link is there again. */
  up(): void;
  /** Packets may be so large from now on, header included. */
  setMaxPacket(size: number): void;
}

export interface ServerOptions {
  loop?: Loop;
  /** Largest packet in and out, header included.  Default 2048. */
  bufSize?: number;
  /** Default 4. */
  bufCount?: number;
  /** Answer as servers from before SMP v2. */
  v1Only?: boolean;
  /** Put `rc: 0` into answers of success, as Zephyr up to 3.2. */
  rcAlways?: boolean;
  /** Put group errors under `ret`, as Zephyr 3.4. */
  errAsRet?: boolean;
  /** Keep to the packet rules of MCUboot's serial recovery. */
  mcuboot?: boolean;
}

/**
 * Answers requests, as a device does.
 *
 * Events: "error" (a handler threw, or answered nonsense; the device sees rc 1), "overrun" (a request
 * vanished, there was no buffer), "starved" (a request was refused, there was no buffer).
 */
export declare class Server extends EventEmitter {
  constructor(options?: ServerOptions);
  /** Sets the handler of a command; it may answer later.  To refuse, throw a Refusal. */
  handle<N extends keyof Commands>(
    name: N,
    handler: (
      request: Commands[N]['request'],
    ) => Commands[N]['response'] | Promise<Commands[N]['response']>,
  ): this;
  /** The same for a group of the program's own: "demo.blink". */
  handle<N extends `${string}.${string}`>(
    name: N extends keyof Commands ? never : N,
    handler: (request: any) => unknown,
  ): this;
  /** Serves an address, "udp://127.0.0.1:0"; gives the URL it can be reached at. */
  listen(target: string | URL | Transport, options?: { faults?: Faults }): Promise<string>;
  /** Listening keeps the process alive, which it does unless unref() was called. */
  ref(): this;
  unref(): this;
  close(): Promise<void>;
}

/** What a handler throws to refuse a request. */
export declare class Refusal extends Error {
  constructor(rc: number, options?: { ofGroup?: boolean; reason?: string });
  readonly rc: number;
  readonly ofGroup: boolean;
  readonly reason?: string;
}

export interface ImageTlv {
  type: number;
  /** "SHA256", "ECDSA_SIG", ... when known. */
  name?: string;
  offset: number;
  length: number;
  /** Covered by the hash. */
  isProtected: boolean;
}

/** What a MCUboot image holds. */
export interface Image {
  /** "1.2.3", or "1.2.3.4" when the build number is not 0. */
  version: string;
  versionParts: { major: number; minor: number; revision: number; build: number };
  loadAddress: number;
  headerSize: number;
  /** Bytes without header and TLVs. */
  imageSize: number;
  protectedSize: number;
  /** Where the last TLV ends. */
  end: number;
  flags: number;
  hashType: number;
  /** What image state lists. */
  hash: Buffer;
  /** Whether it was checked and matches; of encrypted images only the device can tell. */
  hashGood: boolean;
  /** A signature is there: see checkSignature(). */
  isSigned: boolean;
  hasTrailer: boolean;
  /** SHA-256 of the whole file, when it was checked. */
  sha?: Buffer;
  tlvs: ImageTlv[];
}

/** Parses a MCUboot image and checks its hash, unless `check` is false. */
export declare function parseImage(data: Data, options?: { check?: boolean }): Image;

/**
 * Throws unless a MCUboot image is signed with a key: SmpError with the code "SMP_ERR_SIGNATURE".
 * @param pem  The public half of the key.
 */
export declare function checkSignature(data: Data, pem: string | Data): void;
