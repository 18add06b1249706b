/**
 * Makes a Redis Cluster out of servers, with nothing but their own commands: `redis-cli` may not be there.
 */
import { connect } from 'node:net';
import { waitUntil } from './processes.mjs';

const SLOTS = 16_384;
const JOIN_TIMEOUT_MS = 30_000;

/**
 * Makes a Cluster of servers that are each alone in theirs; every one is a master, and has as many slots.
 *
 * @param {{ port: number, busPort: number }[]} nodes
 */
export async function joinCluster(nodes) {
  const [first] = nodes;
  for (const [index, { port, busPort }] of nodes.entries()) {
    const [from, to] = [index, index + 1].map(part => Math.ceil((part * SLOTS) / nodes.length));
    await command(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
    await command(port, `CLUSTER ADDSLOTSRANGE ${from} ${to - 1}`);
    if (port !== first.port) await command(first.port, `CLUSTER MEET 127.0.0.1 ${port} ${busPort}`);
  }
  const agree = async () => {
    const infos = await Promise.all(nodes.map(({ port }) => redisAnswer(port, 'CLUSTER INFO')));
    const whole = ['cluster_state:ok', `cluster_size:${nodes.length}`, `cluster_slots_ok:${SLOTS}`];
    return infos.every(info => whole.every(line => info.includes(`${line}\r`)));
  };
  if (!(await waitUntil(agree, JOIN_TIMEOUT_MS))) throw new Error('the Redis Cluster did not come together');
}

async function command(port, line) {
  const answer = await redisAnswer(port, line);
  if (!answer.startsWith('+OK')) throw new Error(`${line}: ${answer || 'no answer'}`);
}

/** What a server answers to commands, as it comes over the wire; empty if it does not answer all of them. */
export function redisAnswer(port, ...commands) {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    const done = answer => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => done(''));
    socket.on('error', () => done(''));
    socket.on('close', () => done(''));
    socket.on('connect', () => socket.write(`${[...commands, 'PING'].join('\r\n')}\r\n`));
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
      if (text.endsWith('+PONG\r\n')) done(text.slice(0, -'+PONG\r\n'.length));
    });
  });
}
