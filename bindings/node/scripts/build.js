// SPDX-License-Identifier: Apache-2.0
'use strict';

// Builds the addon into prebuilds/: from the clone, or from the sources in the package (csrc/).
// Needs CMake, a C compiler, Python and libcbor, nettle and libserialport with their headers.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const inPackage = path.join(root, 'csrc');
const sources = fs.existsSync(inPackage) ? inPackage : path.join(root, '..', '..');
const build = path.join(root, 'build');
const output = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);

/** Node's headers are where Node is; npm's `nodedir` names another place. */
function headers() {
  const { execPath, env } = process;
  const prefix = path.join(path.dirname(fs.realpathSync(execPath)), '..');
  const places = [env.npm_config_nodedir, env.NODE_DIR, prefix]
    .filter(Boolean).map((place) => path.join(place, 'include', 'node'));
  const found = places.find((place) => fs.existsSync(path.join(place, 'node_api.h')));
  if (!found) {
    throw new Error(`node_api.h is in none of ${places.join(', ')}: install Node with its headers, ` +
      'or set NODE_DIR to a place that has include/node');
  }
  return found;
}

function run(program, ...options) {
  execFileSync(program, options, { stdio: 'inherit', cwd: root });
}

/** npm leaves symbolic links out of packages: the libraries get the names they are looked for by. */
function replaceLinks() {
  const links = fs.readdirSync(output, { withFileTypes: true }).filter((one) => one.isSymbolicLink());
  const files = new Map(links.map(({ name }) =>
    [path.join(output, name), fs.realpathSync(path.join(output, name))]));
  for (const [link, file] of files) {
    fs.rmSync(link);
    fs.copyFileSync(file, link);
  }
  for (const file of new Set(files.values())) fs.rmSync(file);
}

const jobs = String(Math.max(1, os.cpus().length));
run('cmake', '-S', root, '-B', build, `-DSMP_ROOT=${sources}`, `-DNODE_INCLUDE_DIR=${headers()}`,
  ...process.argv.slice(2));
run('cmake', '--build', build, '-j', jobs);
if (sources !== inPackage) { // the package has them
  run('cmake', '--build', build, '--target', 'smp_model');
  run('python3', path.join(sources, 'bindings', 'gen', 'node.py'),
    '--model', path.join(build, 'gen', 'model.json'), '--output', path.join(root, 'lib'));
}
fs.rmSync(output, { recursive: true, force: true });
run('cmake', '--install', build, '--component', 'addon', '--prefix', output);
replaceLinks();
