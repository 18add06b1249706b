/**
 * Throwaway servers for tests and benchmarks: each on a temporary directory and a free port of 127.0.0.1.
 *
 * They end with the process that started them. What a killed process leaves behind, `sweepLeftovers` ends and
 * removes; every start sweeps first.
 */
import { chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createOwnedDirectory, removeOwnedDirectory, sweepLeftovers } from './owned-directories.mjs';
import { run } from './processes.mjs';
import { findPostgres, findRedis, isRoot } from './server-binaries.mjs';
import { ServerProcess } from './server-process.mjs';

export { findPostgres, findRedis, sweepLeftovers };

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
  await sweepLeftovers();
  const { binary, version } = await findRedis();
  const directory = createOwnedDirectory('redis');
  try {
    const dataDir = join(directory, 'data');
    mkdirSync(dataDir);
    const all = {
      bind: '127.0.0.1',
      dir: dataDir,
      save: '',
      appendonly: appendOnly ? 'yes' : 'no',
      ...settings,
    };
    const options = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    const server = new ServerProcess({
      directory,
      dataDir,
      command: binary,
      args: port => ['--port', String(port), ...options],
      url: port => `redis://127.0.0.1:${port}`,
      stopSignal: 'SIGTERM',
      isReady: redisAnswers,
    });
    await server.start();
    return Object.assign(server, { binary, version });
  } catch (error) {
    await removeOwnedDirectory(directory);
    throw error;
  }
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
function redisAnswers({ pid, port }) {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    const done = answer => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.on('error', () => done(false));
    socket.on('close', () => done(false));
    socket.on('connect', () => socket.write('INFO server\r\nINFO persistence\r\nPING\r\n'));
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
      if (text.endsWith('+PONG\r\n'))
        done(text.includes(`process_id:${pid}\r`) && text.includes('\nloading:0'));
    });
  });
}
