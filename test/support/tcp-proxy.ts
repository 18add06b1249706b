import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/**
 * What happens to bytes on their way:
 *
 * - `pass`: they arrive;
 * - `drop-to-server` / `drop-to-client`: those of one direction vanish;
 * - `half-open`: all vanish, and nobody learns that the other side ended;
 * - `reset`: connections, those that exist and new ones, are reset.
 */
export type ProxyMode = 'pass' | 'drop-to-server' | 'drop-to-client' | 'half-open' | 'reset';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of it were swallowed: it is of no use any more and stays silent, as after a lost route. */
  broken: boolean;
}

/** A statement that PostgreSQL is to keep the plan of, by the name that the library gives it. */
const NAME = /durable_[0-9a-f]{32}/g;
/** The first time: its name, then its text. */
const NAMED = /(durable_[0-9a-f]{32})\0([^\0]+)\0/g;

/** A proxy in front of a server, whose links can be made to fail. */
export class TcpProxy {
  #mode: ProxyMode = 'pass';
  #awaited: { readonly request: string; readonly lost: () => void } | undefined;
  readonly #texts = new Map<string, string>();
  readonly #links = new Set<Link>();
  readonly #listener: Server;

  private constructor(
    private target: number,
    private readonly host: string,
  ) {
    this.#listener = createServer({ allowHalfOpen: true }, client => this.#accept(client));
  }

  /** Starts a proxy on a free port of 127.0.0.1. */
  static async to(target: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, host);
    await new Promise<void>(resolve => proxy.#listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Links that exist, silent ones too; each is two sockets of the proxy. */
  get links(): number {
    return this.#links.size;
  }

  /** Changes what happens from now on. A link of which bytes vanished stays silent, also under `pass`. */
  set mode(mode: ProxyMode) {
    this.#mode = mode;
    if (mode === 'half-open') for (const link of this.#links) link.broken = true;
    if (mode === 'reset') for (const link of [...this.#links]) this.#reset(link);
  }

  /** Leads to another server from now on: links to the first are reset, as at a switch-over. */
  leadTo(target: number): void {
    this.target = target;
    for (const link of [...this.#links]) this.#reset(link);
  }

  /**
   * Waits for the next request that has a text in one piece, or names a statement that has it, lets it through, and resets
   * its link in place of the answer. Resolves then: the server has done what it was asked.
   */
  loseAnswerTo(request: string): Promise<void> {
    return new Promise(lost => (this.#awaited = { request, lost }));
  }

  /** Resets all links and listens no more; idempotent. */
  async close(): Promise<void> {
    for (const link of [...this.#links]) this.#reset(link);
    await new Promise(resolve => this.#listener.close(resolve));
  }

  #accept(client: Socket): void {
    const server = connect({ port: this.target, host: this.host, allowHalfOpen: true });
    const link: Link = { client, server, broken: this.#mode === 'half-open' };
    this.#links.add(link);
    client.on('data', bytes => this.#watch(link, bytes));
    this.#carry(link, client, server, 'drop-to-server');
    this.#carry(link, server, client, 'drop-to-client');
    if (this.#mode === 'reset') this.#reset(link);
  }

  #carry(link: Link, from: Socket, to: Socket, drop: ProxyMode): void {
    from.on('data', bytes => {
      if (this.#mode === drop) link.broken = true;
      if (!link.broken) to.write(bytes);
    });
    from.on('end', () => {
      if (!link.broken) to.end();
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      // One that is reset ends both sides itself.
      if (!link.broken && this.#links.delete(link)) to.destroy();
    });
  }

  #watch(link: Link, bytes: Buffer): void {
    const texts = this.#textsIn(bytes);
    const awaited = this.#awaited;
    if (!awaited || !texts.some(text => text.includes(awaited.request))) return;
    this.#awaited = undefined;
    // Comes before the listener that would carry the answer on.
    link.server.prependOnceListener('data', () => {
      link.broken = true;
      this.#reset(link);
      awaited.lost();
    });
  }

  /** What is asked: the bytes, and the texts of the statements that they name. */
  #textsIn(bytes: Buffer): string[] {
    const text = bytes.toString('latin1');
    for (const [, name = '', named = ''] of text.matchAll(NAMED)) this.#texts.set(name, named);
    const names = text.match(NAME) ?? [];
    return [text, ...names.map(name => this.#texts.get(name) ?? '')];
  }

  #reset(link: Link): void {
    this.#links.delete(link);
    reset(link.client);
    reset(link.server);
  }
}

function reset(socket: Socket): void {
  // What is being shut down cannot be reset: Node then lets go of its handle without closing it, which keeps a process alive.
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
