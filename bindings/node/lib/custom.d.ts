// SPDX-License-Identifier: Apache-2.0
import type { CallOptions, Int, Value } from './types';

interface Scalars {
  bool: boolean;
  uint: Int;
  int: Int;
  uint8: number;
  uint16: number;
  uint32: number;
  uint64: Int;
  int8: number;
  int16: number;
  int32: number;
  int64: Int;
  str: string;
  bytes: Uint8Array;
  value: Value;
}
export type ScalarKind = keyof Scalars;

/** A map from text to values of one kind. */
export declare class MapOf<K extends ScalarKind> {
  private constructor();
  readonly kind: K;
}
export declare function mapOf<K extends ScalarKind>(kind: K): MapOf<K>;

/** The kind of a field: a scalar, a map, a list of one kind, or fields. */
export type FieldSpec =
  | ScalarKind
  | MapOf<ScalarKind>
  | readonly [ScalarKind]
  | readonly [FieldSpecs]
  | FieldSpecs;
/** Fields by name; `name?` may be missing. */
export interface FieldSpecs {
  readonly [name: string]: FieldSpec;
}

type FieldOf<S> = S extends ScalarKind
  ? Scalars[S]
  : S extends MapOf<infer K>
    ? Record<string, Scalars[K]>
    : S extends readonly [infer E]
      ? FieldOf<E>[]
      : MessageOf<S>;
/** What a message of these fields looks like. */
export type MessageOf<F> = {
  [K in keyof F as K extends `${string}?` ? never : K]: FieldOf<F[K]>;
} & {
  [K in keyof F as K extends `${infer N}?` ? N : never]?: FieldOf<F[K]>;
};

export interface CommandSpec {
  readonly id: number;
  readonly op: 'read' | 'write';
  /** May be executed twice without harm; default: reading may. */
  readonly idempotent?: boolean;
  readonly request?: FieldSpecs;
  readonly response?: FieldSpecs;
  /** What a device without the command lacks ("CONFIG_..."). */
  readonly enable?: string;
}

export interface GroupSpec {
  readonly commands: { readonly [name: string]: CommandSpec };
  /** `v1`: the global code that a server answers to requests of SMP v1 instead. */
  readonly codes?: readonly {
    rc: number;
    name: string;
    text?: string;
    hint?: string;
    v1?: number;
  }[];
}

/** A group that was defined on a loop. */
export interface Group<S extends GroupSpec = GroupSpec> {
  readonly id: number;
  readonly name: string;
  /** Only a type. */
  readonly spec?: S;
}

type Response<C extends CommandSpec> = C['response'] extends FieldSpecs
  ? MessageOf<C['response']>
  : void;
/** The calls of a group. */
export type Calls<S extends GroupSpec> = {
  readonly [K in keyof S['commands']]: S['commands'][K]['request'] extends FieldSpecs
    ? (
        request: MessageOf<S['commands'][K]['request']>,
        options?: CallOptions,
      ) => Promise<Response<S['commands'][K]>>
    : (options?: CallOptions) => Promise<Response<S['commands'][K]>>;
};
