import { connect } from 'node:net';
import type { StoreAddress } from '../../errors/store.errors.js';

/** The request for TLS that every PostgreSQL and pooler answers with one letter, before anything else is said. */
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
/** What makes a server talk that waits for a line, such as the one most likely to be mistaken for ours: Redis. */
const LINE = Buffer.from('PING\r\n');
const ANSWERS = new Set(['S', 'N', 'E']);
const PATIENCE = 300;

/**
 * Whether what listens at `address` is certainly no PostgreSQL.
 *
 * pg cannot tell: to it, the answer of another server is the start of a long message. No answer counts as unknown,
 * so `false`.
 */
export async function isForeignServer(address: StoreAddress): Promise<boolean> {
  if (address.host.startsWith('/')) return false;
  const answer = (await ask(address, TLS_REQUEST)) ?? (await ask(address, LINE));
  return answer !== undefined && !ANSWERS.has(answer);
}

/** The first character of the answer. */
async function ask(address: StoreAddress, message: Buffer): Promise<string | undefined> {
  const host = address.host.replace(/^\[(.*)\]$/, '$1');
  return new Promise(resolve => {
    const socket = connect(address.port, host, () => socket.write(message));
    const settle = (answer?: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', data => settle(data.toString('latin1', 0, 1)));
    socket.once('error', () => settle());
    socket.once('close', () => settle());
    socket.setTimeout(PATIENCE, () => settle());
  });
}
