/**
 * Throwaway servers for tests and benchmarks: each on a temporary directory and a free port of 127.0.0.1.
 *
 * They end with the process that started them. What a killed process leaves behind, `sweepLeftovers` ends and
 * removes; every start sweeps first.
 */
import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createOwnedDirectory, removeOwnedDirectory, sweepLeftovers } from './owned-directories.mjs';
import { run } from './processes.mjs';
import { joinCluster, redisAnswer } from './redis-cluster.mjs';
import { findPgBouncer, findPostgres, findRedis, isRoot } from './server-binaries.mjs';
import { ServerProcess } from './server-process.mjs';

export { findPgBouncer, findPostgres, findRedis, sweepLeftovers };

/** Starts a PostgreSQL server: superuser `postgres`, database `postgres`, no password. */
export async function startPostgres({ fsync = true, maxConnections = 200, settings = {} } = {}) {
  await sweepLeftovers();
  const { binDir, version } = await findPostgres();
  const directory = createOwnedDirectory('postgres');
  try {
    const dataDir = join(directory, 'data');
    const user = await serverUser();
    await initialise({ binDir, dataDir, user });
    const all = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: fsync ? 'on' : 'off',
      max_connections: String(maxConnections),
      ...settings,
    };
    const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = new ServerProcess({
      directory,
      dataDir,
      user,
      command: join(binDir, 'postgres'),
      args: port => ['-D', dataDir, '-p', String(port), ...options],
      url: port => `postgres://postgres@127.0.0.1:${port}/postgres`,
      stopSignal: 'SIGINT',
      isReady: ({ pid }) => postmasterIsReady(dataDir, pid),
    });
    await server.start();
    return Object.assign(server, { binDir, version });
  } catch (error) {
    await removeOwnedDirectory(directory);
    throw error;
  }
}

/** Starts a Redis server. Without `appendOnly` it forgets everything when it ends. */
export async function startRedis({ appendOnly = false, settings = {} } = {}) {
  return startRedisServer(() => ({ appendonly: appendOnly ? 'yes' : 'no', ...settings }));
}

/**
 * Starts a Redis Cluster of three masters without replicas, each with a third of the slots. Settings are those of every
 * node, such as `cluster-require-full-coverage`.
 */
export async function startRedisCluster({ settings = {} } = {}) {
  const nodes = [];
  const stop = async () => void (await Promise.all(nodes.map(node => node.stop())));
  try {
    for (let master = 0; master < MASTERS; master += 1) nodes.push(await startClusterNode(settings));
    await joinCluster(nodes.map(({ port }) => ({ port, busPort: busPortOf(port) })));
  } catch (error) {
    await stop();
    throw error;
  }
  const addresses = nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  return { nodes, addresses, version: nodes[0].version, stop };
}

const MASTERS = 3;
/** Below the range of ports that servers take, and so of outgoing connections too. */
const busPortOf = port => port - 5_000;

function startClusterNode(settings) {
  return startRedisServer(port => ({
    appendonly: 'no',
    'cluster-enabled': 'yes',
    'cluster-port': String(busPortOf(port)),
    'cluster-node-timeout': '1000',
    ...settings,
  }));
}

async function startRedisServer(settingsOf) {
  await sweepLeftovers();
  const { binary, version } = await findRedis();
  const directory = createOwnedDirectory('redis');
  const { requirepass: password } = settingsOf(0);
  try {
    const dataDir = join(directory, 'data');
    mkdirSync(dataDir);
    const server = new ServerProcess({
      directory,
      dataDir,
      command: binary,
      args: port => {
        const all = { port, bind: '127.0.0.1', dir: dataDir, save: '', ...settingsOf(port) };
        return Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
      },
      url: port => `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
      stopSignal: 'SIGTERM',
      isReady: process => redisAnswers(process, password),
    });
    await server.start();
    return Object.assign(server, { binary, version });
  } catch (error) {
    await removeOwnedDirectory(directory);
    throw error;
  }
}

/**
 * Starts PgBouncer in transaction mode before a PostgreSQL server, for every database of it.
 *
 * @param {{ postgres: string, poolSize?: number, settings?: Record<string, string> }} options URL of the server, with
 *   the user that all connections have there; connections to each database at the most; further settings.
 */
export async function startPgBouncer({ postgres, poolSize = 5, settings = {} }) {
  await sweepLeftovers();
  const { binary, version } = await findPgBouncer();
  const directory = createOwnedDirectory('pgbouncer');
  try {
    const dataDir = join(directory, 'data');
    // PgBouncer refuses to run as root, as PostgreSQL does.
    const user = await serverUser();
    mkdirSync(dataDir, { mode: 0o700 });
    const file = join(dataDir, 'pgbouncer.ini');
    const url = new URL(postgres);
    const server = new ServerProcess({
      directory,
      dataDir,
      user,
      command: binary,
      args: port => {
        writeFileSync(file, poolerSettings({ url, port, poolSize, settings }));
        if (user) for (const path of [dataDir, file]) chownSync(path, user.uid, user.gid);
        return [file];
      },
      url: port => `postgres://${url.username}@127.0.0.1:${port}${url.pathname}`,
      stopSignal: 'SIGTERM',
      isReady: poolerAnswers,
    });
    await server.start();
    return Object.assign(server, { binary, version });
  } catch (error) {
    await removeOwnedDirectory(directory);
    throw error;
  }
}

function poolerSettings({ url, port, poolSize, settings }) {
  const { hostname: host, port: serverPort = '5432', username: user, password } = url;
  const server = { host, port: serverPort || '5432', user, ...(password && { password }) };
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: poolSize,
    max_client_conn: 500,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const target = Object.entries(server).map(([name, value]) => `${name}=${decodeURIComponent(value)}`);
  return ['[databases]', `* = ${target.join(' ')}`, '[pgbouncer]', ...lines, ''].join('\n');
}

/** PostgreSQL refuses to run as root: then it runs as `postgres` if there is that user, else as `nobody`. */
async function serverUser() {
  if (!isRoot) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    if (uid.code === 0 && gid.code === 0) return { uid: Number(uid.output), gid: Number(gid.output) };
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.');
}

async function initialise({ binDir, dataDir, user }) {
  mkdirSync(dataDir, { mode: 0o700 });
  if (user) chownSync(dataDir, user.uid, user.gid);
  const args = [
    '-D',
    dataDir,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
  const { code, output } = await run(join(binDir, 'initdb'), args, { cwd: dataDir, user });
  if (code !== 0) throw new Error(`initdb failed:\n${output}`);
}

/** The eighth line of its pid file is where a postmaster says how far it is. */
function postmasterIsReady(dataDir, pid) {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return false;
  const lines = readFileSync(file, 'utf8').split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

/** Whether this very process answers, and not another server that took the port first. */
async function redisAnswers({ pid, port }, password) {
  const login = password === undefined ? [] : [`AUTH ${password}`];
  const text = await redisAnswer(port, ...login, 'INFO server', 'INFO persistence');
  return text.includes(`process_id:${pid}\r`) && text.includes('\nloading:0');
}

/** Whether something takes connections there: PgBouncer ends if it cannot listen. */
function poolerAnswers({ port }) {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port });
    const done = answer => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.on('error', () => done(false));
    // A packet of 8 bytes that asks for TLS: the answer is one letter.
    socket.on('connect', () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])));
    socket.on('data', () => done(true));
    socket.on('close', () => done(false));
  });
}
