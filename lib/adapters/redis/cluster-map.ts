import type { NatMap } from '../../options/redis-options.js';
import { messageOf } from './connection.js';

/** Where a node of a Cluster is. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

export interface ClusterMapOptions {
  /** Nodes to ask at first; one that answers is enough. */
  readonly seeds: readonly NodeAddress[];
  readonly natMap?: NatMap;
  /** Milliseconds for which an answer is used: connections made, or lost, at the same time share one. @default 250 */
  readonly freshMs?: number;
  /** What a node answers to `CLUSTER SLOTS`. */
  ask(node: NodeAddress): Promise<unknown>;
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly node: NodeAddress;
}

/**
 * Which node of a Redis Cluster serves which slot.
 *
 * Asked whenever a connection is made, of the nodes in any order until one answers: those of the last answer, and the
 * seeds. So neither a lost seed nor an answer that has become old matters for long.
 */
export class ClusterMap {
  #known: readonly NodeAddress[] = [];
  #answer: Promise<readonly Range[]> | undefined;

  constructor(private readonly options: ClusterMapOptions) {}

  /** @throws {Error} No node answers, or none has the slot. */
  async ownerOf(slot: number): Promise<NodeAddress> {
    const ranges = await this.#ranges();
    const range = ranges.find(({ first, last }) => first <= slot && slot <= last);
    if (!range) throw new Error(`no node of the Cluster has slot ${slot}`);
    return range.node;
  }

  /** Some node that has slots. @throws {Error} No node answers. */
  async owner(): Promise<NodeAddress> {
    const [node] = shuffled(distinct((await this.#ranges()).map(range => range.node)));
    if (!node) throw new Error('no node of the Cluster has any slot');
    return node;
  }

  #ranges(): Promise<readonly Range[]> {
    if (this.#answer) return this.#answer;
    const answer = this.#ask();
    const forget = (): void => void (this.#answer = undefined);
    answer.then(() => setTimeout(forget, this.options.freshMs ?? 250).unref(), forget);
    return (this.#answer = answer);
  }

  async #ask(): Promise<readonly Range[]> {
    let reason = 'no node was named';
    for (const node of shuffled(distinct([...this.#known, ...this.options.seeds]))) {
      try {
        const ranges = rangesOf(await this.options.ask(node), node).map(range => this.#translated(range));
        this.#known = distinct(ranges.map(range => range.node));
        return ranges;
      } catch (error) {
        reason = `${node.host}:${node.port}: ${messageOf(error)}`;
      }
    }
    throw new Error(`no node of the Cluster says who has which slot (${reason})`);
  }

  #translated(range: Range): Range {
    const { natMap } = this.options;
    const address = nameOf(range.node);
    const node = typeof natMap === 'function' ? natMap(address) : natMap?.[address];
    return node ? { ...range, node } : range;
  }
}

/** Rows `[first, last, [host, port, ...], ...replicas]`. A node without a host is the one that was asked. */
function rangesOf(answer: unknown, asked: NodeAddress): Range[] {
  if (!Array.isArray(answer)) throw new Error('an answer that is none to CLUSTER SLOTS');
  return (answer as unknown[]).flatMap(row => {
    const [first, last, owner] = listOf(row);
    const [host, port] = listOf(owner);
    if (typeof first !== 'number' || typeof last !== 'number' || typeof port !== 'number') return [];
    const known = typeof host === 'string' && host !== '' && host !== '?';
    return [{ first, last, node: { host: known ? host : asked.host, port } }];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function distinct(nodes: readonly NodeAddress[]): NodeAddress[] {
  return [...new Map(nodes.map(node => [nameOf(node), node])).values()];
}

function nameOf({ host, port }: NodeAddress): string {
  return `${host}:${port}`;
}

/** So that processes neither ask the same node nor ask a silent one first for ever. */
function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map(item => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
