// SPDX-License-Identifier: Apache-2.0
import type { SmpError } from './errors';
import type { UpdateReport, UpdateState } from './generated';
import type { Operation } from './transfer';
import type { CallOptions } from './types';

/** The steps of an update; those that are not needed are left out. */
export type UpdatePhaseName =
  | 'checking'
  | 'uploading'
  | 'testing'
  | 'resetting'
  | 'waiting'
  | 'verifying'
  | 'deciding'
  | 'confirming'
  | 'reverting'
  | 'done';

/** How far an update is. */
export interface UpdateProgress {
  phase: UpdatePhaseName;
  /** The link is lost, and being opened again. */
  linkDown: boolean;
  /** Uploading: bytes the device has; else milliseconds waited. */
  done: number;
  /** Of them; 0 where there is nothing to wait for. */
  total: number;
  /** Uploading: bytes the device had already. */
  start: number;
  /** Uploading: bytes a second, 0 while unknown. */
  rate: number;
  /** Uploading: milliseconds left, estimated; 0 while unknown. */
  leftMs: number;
}

/** A step has ended: what an audit log keeps. */
export interface UpdateStep {
  /** The step; "done": the whole update. */
  phase: UpdatePhaseName;
  /** Why it failed; it may be tried again. */
  error: SmpError | undefined;
  /** As of now; its text is about this step. */
  report: UpdateReport;
}

export interface UpdateOptions extends CallOptions {
  /**
   * Asked when the new image runs, on trial: true confirms it, false goes back to the old one,
   * undefined does neither.  Meanwhile the device can be used.  What it throws the update throws,
   * with the image left on trial.
   */
  decide?: (report: UpdateReport) => boolean | undefined | Promise<boolean | undefined>;
  /** How far to go without decide(): UpdateState.UPLOADED, MARKED, TRIAL (the default), CONFIRMED. */
  goal?: UpdateState;
  /** Called at the end of each step. */
  onStep?: (step: UpdateStep) => void;
  /** A public key that must have signed the image: PEM, or a file's path. */
  key?: string | Uint8Array | URL;
  /** Image number, 0 for the application. */
  image?: number;
  /** Refuse an image older than the one that runs. */
  noDowngrade?: boolean;
  /** Upload even when the device holds this image already. */
  again?: boolean;
  /** Reset with force. */
  forceReset?: boolean;
  /** The device is in MCUboot's serial recovery: upload and reset only. */
  recovery?: boolean;
  /** For the device to come back after a reset.  Default 120 000. */
  waitMs?: number;
  /** For a lost link to come back at other times.  Default 30 000. */
  linkMs?: number;
  /** For a device that says it is busy.  Default 10 000. */
  busyMs?: number;
  /** For decide(); then the image stays on trial, and the update ends with TimeoutError. */
  decideMs?: number;
  /** Of the upload, as in TransferOptions; so are the next three. */
  window?: number;
  chunk?: number;
  firstChunkMs?: number;
  stallMs?: number;
}

export interface Update extends Operation<UpdateReport, UpdateProgress> {}
/**
 * A whole firmware update under way: upload, test, reset, look, and what `decide` or `goal` says.
 * Nothing is confirmed by itself.  What it ends with has the `report`, errors too.
 */
export declare class Update {
  private constructor();
}
