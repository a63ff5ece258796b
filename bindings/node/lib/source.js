// SPDX-License-Identifier: Apache-2.0
'use strict';

// What can be sent: memory, files, streams, and anything with size and read().

const { promises: files } = require('node:fs');

const { toBytes, wrong } = require('./codec.js');

/** {data or undefined, size, read(offset, length), all(), close()} */
async function openSource(source) {
  if (source instanceof Uint8Array || ArrayBuffer.isView(source) || source instanceof ArrayBuffer) {
    return memory(toBytes(source, 'source'));
  }
  if (typeof source === 'string' || source instanceof URL) {
    return file(await files.open(source, 'r'), true);
  }
  if (typeof source?.stat === 'function' && typeof source.read === 'function') {
    return file(source, false); // a FileHandle
  }
  if (typeof source?.arrayBuffer === 'function') {
    return memory(new Uint8Array(await source.arrayBuffer())); // a Blob
  }
  if (typeof source?.[Symbol.asyncIterator] === 'function') {
    const parts = [];
    for await (const part of source) {
      parts.push(typeof part === 'string' ? Buffer.from(part) : toBytes(part, 'a part of the stream'));
    }
    return memory(Buffer.concat(parts));
  }
  if (typeof source?.read === 'function' && Number.isSafeInteger(source.size)) {
    return pulled(source);
  }
  throw wrong('the source', 'a Buffer, path, FileHandle, Blob, stream or {size, read()}', source);
}

function memory(data) {
  return { data, size: data.length, all: async () => data, close: async () => {} };
}

function pulled(source) {
  const read = async (offset, length) => toBytes(await source.read(offset, length), 'what read() gave');
  return {
    size: source.size,
    read,
    all: () => read(0, source.size),
    close: async () => {},
  };
}

async function readFile(handle, offset, length) {
  const data = Buffer.allocUnsafe(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await handle.read(data, got, length - got, offset + got);
    if (bytesRead === 0) throw new Error('the file became shorter while it was sent');
    got += bytesRead;
  }
  return data;
}

async function file(handle, owned) {
  const { size } = await handle.stat();
  return {
    size,
    read: (offset, length) => readFile(handle, offset, length),
    all: () => readFile(handle, 0, size),
    close: async () => {
      if (owned) await handle.close();
    },
  };
}

module.exports = { openSource };
