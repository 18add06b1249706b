/**
 * `npm run bench:peers -- nestjs-durable,dbos --w=W1,W2 --rounds=3`: this package, built and packed, beside others in the
 * harness that measures them. The arguments are those of the harness's `run.mjs`.
 *
 * The harness is a directory of its own (`PEER_BENCH`, or `../shared/peer-bench` beside this repository), which is copied;
 * only peers are added to it.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '..', '..');
const HARNESS = process.env.PEER_BENCH ?? join(ROOT, '..', 'shared', 'peer-bench');
const COPY = join(ROOT, '.build', 'peer-bench');
/** What an application installs beside the package. */
const BESIDE = [
  '@nestjs/common',
  '@nestjs/core',
  'typeorm',
  'reflect-metadata',
  'rxjs',
  '@electric-sql/pglite',
];

if (!existsSync(join(HARNESS, 'run.mjs'))) {
  process.stderr.write(`There is no harness in ${HARNESS}: say where it is with PEER_BENCH.\n`);
  process.exit(2);
}

run(ROOT, 'npm', 'run', '--silent', 'build');
copyHarness();
run(
  COPY,
  'npm',
  'install',
  '--no-audit',
  '--no-fund',
  '--no-save',
  '--legacy-peer-deps',
  '--silent',
  ...packages(),
);
run(COPY, './services.sh', 'start');
let status;
try {
  status = spawnSync(process.execPath, ['run.mjs', ...process.argv.slice(2)], {
    cwd: COPY,
    stdio: 'inherit',
  }).status;
} finally {
  run(COPY, './services.sh', 'stop');
}
process.exit(status ?? 1);

function copyHarness() {
  mkdirSync(COPY, { recursive: true });
  cpSync(HARNESS, COPY, { recursive: true, filter: source => !source.includes('node_modules') });
  // It may have been read-only where it came from.
  for (const entry of ['.', 'peers', 'lib']) chmodSync(join(COPY, entry), 0o755);
  for (const name of readdirSync(join(COPY, 'lib'))) chmodSync(join(COPY, 'lib', name), 0o644);
  for (const name of readdirSync(HERE).filter(name => name.startsWith('nestjs-durable')))
    cpSync(join(HERE, name), join(COPY, 'peers', name));
  cpSync(join(HERE, 'adapter.mjs'), join(COPY, 'lib', 'nestjs-durable.mjs'));
}

/** The package as it would be published, and what an application has beside it, in the versions of this repository. */
function packages() {
  const packed = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', COPY], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const versions = name =>
    JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;
  return [join(COPY, packed.stdout.trim()), ...BESIDE.map(name => `${name}@${versions(name)}`)];
}

function run(cwd, command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] });
  if (error || status !== 0) {
    process.stderr.write(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}\n`);
    process.exit(1);
  }
}
