/**
 * What tests need before they run, and the end of all of it: used by `npm test` and `npm run faults`.
 *
 * Node's own modules only until the install is done.
 */
import { connect } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { installPackages } from './install.mjs';
import { createOwnedDirectory, removeOwnedDirectory, sweepLeftovers } from './owned-directories.mjs';
import { cleanEnvironment, run, signalRunning } from './processes.mjs';
import { CheckFailed, Report, expectSuccess } from './report.mjs';
import { findPgBouncer, startPostgres, startRedis } from './servers.mjs';

export const ROOT = join(import.meta.dirname, '..');

let interrupted;

/**
 * Runs checks in order, on a directory and servers that end with them, also after a signal; prints one line of
 * `N passed, N failed`, and ends the process with the code that says so.
 *
 * @param {(bed: { directory: string, environment: object, servers: object[] }) => { name: string, run: Function,
 *   isNeeded?: boolean }[]} checks as {@link Report.run} takes them: those after a failed one that is needed would only
 *   fail in other words.
 */
export async function runChecks(checks) {
  heedSignals();
  await sweepLeftovers();
  const bed = { directory: createOwnedDirectory('run'), environment: {}, servers: [] };
  const steps = checks(bed);
  const all = steps.flat(Infinity);
  const report = new Report(all.length);
  try {
    await report.run(steps, () => interrupted !== undefined);
    const left = all.filter(step => !report.begun.has(step));
    if (left.length > 0) process.stdout.write(`not run: ${left.map(({ name }) => name).join(', ')}\n`);
  } finally {
    await Promise.allSettled(bed.servers.map(server => server.stop()));
    await removeOwnedDirectory(bed.directory);
  }
  if (interrupted !== undefined) report.failed = Math.max(report.failed, 1);
  const code = interrupted === undefined ? Number(report.failed > 0) : 128 + constants.signals[interrupted];
  process.stdout.write(`${report.summary()}\n`);
  process.exit(code);
}

/** From a bare checkout to servers that run: the checks without which no other makes sense. */
export function preparations({ environment, servers }) {
  return [
    { name: 'install', run: () => prepare(install), isNeeded: true },
    { name: 'build', run: () => script('build'), isNeeded: true },
    { name: 'test applications', run: () => script('build:apps'), isNeeded: true },
    { name: 'servers', run: () => prepare(() => bringServers(servers, environment)), isNeeded: true },
  ];
}

/** A step that counts only if it fails: it makes the others possible and says nothing of the code. */
export async function prepare(body) {
  await body();
  return { passed: 0, failed: 0, text: '' };
}

/** Runs a script of package.json. */
export async function script(name) {
  expectSuccess(await run('npm', ['run', '--silent', name], { cwd: ROOT, env: cleanEnvironment() }));
}

function heedSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const again = interrupted !== undefined;
      interrupted = signal;
      signalRunning(again ? 'SIGKILL' : 'SIGTERM');
      // Ending at once still ends the servers (see server-process.mjs).
      if (again) process.exit(128 + constants.signals[signal]);
      process.stdout.write(`${signal}: ending what runs\n`);
      setTimeout(() => signalRunning('SIGKILL'), 5_000).unref();
    });
  }
}

async function install() {
  await installPackages(ROOT, reason => process.stdout.write(`  ${reason}: npm ci\n`));
}

/** Fills the environment of tests with servers that run: given ones, else throwaway ones. */
async function bringServers(servers, environment) {
  const kinds = [
    { prefix: 'DURABLE_TEST_PG', variable: 'DURABLE_TEST_POSTGRES', port: 5432, start: startPostgres },
    { prefix: 'DURABLE_TEST_REDIS', variable: 'DURABLE_TEST_REDIS', port: 6379, start: startRedis },
  ];
  for (const { prefix, variable, port, start } of kinds) {
    if (process.env[variable]) {
      await expectAnswer(variable, port);
      continue;
    }
    const server = await start();
    servers.push(server);
    const program = server.binDir ?? server.binary;
    process.stdout.write(`  ${server.url} (version ${server.version}, ${program})\n`);
    environment[variable] = server.url;
    environment[`${prefix}_BIN`] = program;
    environment[`${prefix}_DATA`] = server.dataDir;
    environment[`${prefix}_PID`] = String(server.pid);
  }
  await lookForPgBouncer(environment);
}

/** Tests start it themselves. It is no part of what everyone has: only the long form fails without it. */
async function lookForPgBouncer(environment) {
  try {
    const { binary, version } = await findPgBouncer();
    process.stdout.write(`  PgBouncer ${version}, ${binary}\n`);
  } catch (error) {
    if (process.env.DURABLE_TEST_FULL === '1') throw error;
    process.stdout.write(`  not run: tests through PgBouncer. ${error.message}\n`);
    environment.DURABLE_TEST_NO_PGBOUNCER = error.message;
  }
}

async function expectAnswer(variable, defaultPort) {
  const { hostname, port } = new URL(process.env[variable]);
  const host = hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  process.stdout.write(`  ${variable}: using the server at ${host}:${port || defaultPort}\n`);
  const problem = await new Promise(resolve => {
    const socket = connect({ host, port: Number(port || defaultPort), timeout: 5_000 });
    const done = answer => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(undefined));
    socket.once('error', error => done(error.message));
    socket.once('timeout', () => done('no answer within 5 s'));
  });
  if (problem !== undefined) throw new CheckFailed(`${variable}: the server does not answer: ${problem}`);
}
