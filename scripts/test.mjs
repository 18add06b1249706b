/**
 * `npm test`: everything from a bare checkout to one line, `N passed, N failed`.
 *
 * Installs if it must, brings PostgreSQL and Redis servers of its own (or takes those of DURABLE_TEST_POSTGRES and
 * DURABLE_TEST_REDIS), runs every check, and ends whatever it started, also after a signal. With arguments it builds
 * and hands them to Jest, without the other checks.
 *
 * Node's own modules only until the install is done.
 */
import { connect } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { installPackages } from './install.mjs';
import { createOwnedDirectory, removeOwnedDirectory, sweepLeftovers } from './owned-directories.mjs';
import { packageChecks } from './package-check.mjs';
import { cleanEnvironment, run, signalRunning } from './processes.mjs';
import { CheckFailed, Report, expectSuccess } from './report.mjs';
import { runJest } from './run-jest.mjs';
import { startPostgres, startRedis } from './servers.mjs';

const ROOT = join(import.meta.dirname, '..');

/** Steps without which those after them would only fail in other words. */
const NEEDED = ['install', 'build', 'test applications', 'servers'];

let interrupted;

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

await main(process.argv.slice(2));

async function main(jestArguments) {
  await sweepLeftovers();
  const directory = createOwnedDirectory('run');
  const servers = [];
  const steps = checks(jestArguments, directory, servers);
  const report = new Report(steps.length);
  try {
    while (steps.length > 0 && interrupted === undefined) {
      const { name, run: body } = steps.shift();
      const passed = await report.check(name, body);
      if (!passed && NEEDED.includes(name)) break;
    }
    if (steps.length > 0) process.stdout.write(`not run: ${steps.map(({ name }) => name).join(', ')}\n`);
  } finally {
    await Promise.allSettled(servers.map(server => server.stop()));
    await removeOwnedDirectory(directory);
  }
  if (interrupted !== undefined) report.failed = Math.max(report.failed, 1);
  const code = interrupted === undefined ? Number(report.failed > 0) : 128 + constants.signals[interrupted];
  process.stdout.write(`${report.summary()}\n`);
  process.exit(code);
}

/** Everything to do, in order: a list of `{ name, run() }`. */
function checks(jestArguments, directory, servers) {
  const environment = {};
  const jest = {
    name: 'jest',
    run: () => runJest({ root: ROOT, args: jestArguments, directory, environment }),
  };
  const before = [
    { name: 'install', run: () => prepare(install) },
    { name: 'build', run: () => script('build') },
    { name: 'test applications', run: () => script('build:apps') },
    { name: 'servers', run: () => prepare(() => bringServers(servers, environment)) },
  ];
  if (jestArguments.length > 0)
    return [...before.map(step => ({ ...step, run: () => prepare(step.run) })), jest];
  return [
    ...before,
    { name: 'format', run: () => script('format:check') },
    { name: 'lint', run: () => script('lint') },
    { name: 'types', run: () => script('typecheck') },
    jest,
    ...packageChecks(directory),
  ];
}

/** A step that counts only if it fails: it makes the others possible and says nothing of the code. */
async function prepare(body) {
  await body();
  return { passed: 0, failed: 0, text: '' };
}

async function script(name) {
  expectSuccess(await run('npm', ['run', '--silent', name], { cwd: ROOT, env: cleanEnvironment() }));
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
