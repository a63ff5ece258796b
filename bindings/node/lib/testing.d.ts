// SPDX-License-Identifier: Apache-2.0
import type { ConnectOptions, Device } from './index';

/** A simulated device, until close(). */
export interface Simulation {
  readonly url: string;
  connect(options?: ConnectOptions): Promise<Device>;
  close(): Promise<void>;
  /** close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a simulated device.
 * @param options  image: file for the first slot; args: more options of smpsim
 */
export declare function simulate(options?: { image?: string; args?: string[] }): Promise<Simulation>;
