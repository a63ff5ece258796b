// SPDX-License-Identifier: Apache-2.0
// The other end: a device that answers echo, on UDP, until it is killed.
//
//     node server.mjs 127.0.0.1:1337 &
//     smpctl -d udp://127.0.0.1:1337 echo hello
import { Server } from 'libsmp';

const server = new Server();
server.handle('os.echo', ({ text }) => {
  console.log(`echo: ${text}`);
  return { text };
});
const address = process.argv[2].replace(/^udp:\/\//, '');
console.log(`listening on ${await server.listen(`udp://${address}`)}`);
