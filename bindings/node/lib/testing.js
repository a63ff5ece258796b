// SPDX-License-Identifier: Apache-2.0
'use strict';

// A simulated device for tests: const sim = await simulate(); const device = await sim.connect();

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { folder } = require('./addon.js');
const { connect } = require('./device.js');

function findProgram() {
  const places = [process.env.SMPSIM, path.join(folder, 'smpsim')];
  return places.find((place) => place && fs.existsSync(place)) ?? 'smpsim';
}

class Simulation {
  constructor(child, state, url) {
    this._child = child;
    this._state = state;
    this._ended = new Promise((resolve) => child.once('exit', resolve));
    this.url = url;
  }

  connect(options) {
    return connect(this.url, options);
  }

  async close() {
    this._child.kill();
    await this._ended;
    await fs.promises.rm(this._state, { recursive: true, force: true });
  }
}

if (Symbol.asyncDispose) {
  Simulation.prototype[Symbol.asyncDispose] = function dispose() {
    return this.close();
  };
}

/** The first line tells where it listens. */
function started(child) {
  return new Promise((resolve, reject) => {
    let output = '';
    let complaint = '';
    child.once('error', (error) => reject(new Error(`smpsim does not start: ${error.message}`)));
    child.stderr.on('data', (data) => { complaint += data; });
    child.stdout.on('data', (data) => {
      output += data;
      const address = /listening on udp (\S+)\n/.exec(output);
      if (address) resolve(`udp://${address[1]}`);
    });
    child.once('exit', (status) =>
      reject(new Error(`smpsim ended with ${status}: ${complaint || output}`)));
  });
}

/**
 * Starts a simulated device.
 * @param options  image: file for the first slot; args: more options of smpsim
 */
async function simulate({ image, args = [] } = {}) {
  const state = await fs.promises.mkdtemp(path.join(os.tmpdir(), 'smpsim-'));
  const options = ['--udp', '127.0.0.1:0', '--state', state, '--quiet', ...args];
  if (image !== undefined) options.push('--image', image);
  const child = spawn(findProgram(), options, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill();
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  try {
    return new Simulation(child, state, await started(child));
  } catch (error) {
    child.kill();
    await fs.promises.rm(state, { recursive: true, force: true });
    throw error;
  }
}

module.exports = { simulate };
