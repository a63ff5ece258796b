// SPDX-License-Identifier: Apache-2.0
'use strict';

// Where received bytes can go: memory, files, streams, and anything with write().
// Parts come each once, but in whatever order.

const { promises: files } = require('node:fs');

const { wrong } = require('./codec.js');

/** {write(offset, data): undefined or a promise, result(), close(good)} */
async function openSink(to, resume) {
  if (to === undefined) return memory(resume);
  if (typeof to === 'string' || to instanceof URL) {
    return file(await files.open(to, resume > 0 ? 'r+' : 'w'));
  }
  if (typeof to?.write === 'function' && typeof to.once === 'function') return stream(to, resume);
  if (typeof to?.write === 'function') {
    return { write: (offset, data) => to.write(data, offset), result() {}, close: async () => {} };
  }
  throw wrong('to', 'a path, a writable stream or {write()}', to);
}

function memory(resume) {
  const parts = [];
  let end = resume;
  return {
    write(offset, data) {
      parts.push([offset, data]);
      end = Math.max(end, offset + data.length);
    },
    result() {
      const whole = Buffer.alloc(end - resume);
      for (const [offset, data] of parts) whole.set(data, offset - resume);
      return whole;
    },
    close: async () => {},
  };
}

function file(handle) {
  let last = Promise.resolve();
  return {
    write(offset, data) {
      last = last.then(() => handle.write(data, 0, data.length, offset));
      return last;
    },
    result: () => last.then(() => undefined),
    close: () => handle.close(),
  };
}

/** Streams want the parts in order. */
function stream(writable, resume) {
  const early = new Map();
  let next = resume;
  let failure;
  const failed = (error) => { failure ??= error; };
  writable.on('error', failed);

  function write(offset, data) {
    if (failure) throw failure;
    early.set(offset, data);
    let more = true;
    for (let part = early.get(next); part; part = early.get(next)) {
      early.delete(next);
      next += part.length;
      more = writable.write(part);
    }
    return more ? undefined : drained();
  }

  function drained() {
    return new Promise((resolve, reject) => {
      const settle = (error) => {
        for (const name of ['drain', 'error', 'close']) writable.removeListener(name, settle);
        if (error) reject(error);
        else resolve();
      };
      for (const name of ['drain', 'error', 'close']) writable.once(name, settle);
    });
  }

  return {
    write,
    result() {},
    close: (good) => new Promise((resolve, reject) => {
      const settle = (error) => (error ?? failure ? reject(error ?? failure) : resolve());
      if (!good || failure) {
        writable.destroy?.();
        settle();
      } else {
        writable.once('error', settle);
        writable.end(() => settle());
      }
    }),
  };
}

module.exports = { openSink };
