// SPDX-License-Identifier: Apache-2.0
import testing from './testing.js';

export const { simulate } = testing;
