import {
  ClusterMap,
  type ClusterMapOptions,
  type NodeAddress,
} from '../../lib/adapters/redis/cluster-map.js';

const [A, B, C] = [7001, 7002, 7003].map(port => ({ host: '10.0.0.1', port })) as [
  NodeAddress,
  NodeAddress,
  NodeAddress,
];

/** As a node of Redis answers to CLUSTER SLOTS; the second half has a replica. */
function answer(first: NodeAddress, second: NodeAddress): unknown {
  return [
    [0, 8_191, [first.host, first.port, 'id-1', []]],
    [8_192, 16_383, [second.host, second.port, 'id-2'], ['10.0.0.9', 7_009, 'id-3']],
  ];
}

function mapOf(ask: ClusterMapOptions['ask'], more: Partial<ClusterMapOptions> = {}): ClusterMap {
  return new ClusterMap({ seeds: [A], ask, ...more });
}

/** An answer that is used for no time is forgotten. */
const forgotten = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 20));

describe('who has which slot of a Cluster', () => {
  test('is the master of the range', async () => {
    const map = mapOf(async () => answer(A, B));
    expect(await map.ownerOf(8_191)).toEqual(A);
    expect(await map.ownerOf(8_192)).toEqual(B);
    expect([A, B]).toContainEqual(await map.owner());
  });

  test('is asked once by those who ask at the same time', async () => {
    let asked = 0;
    const map = mapOf(async () => ((asked += 1), answer(A, B)));
    await Promise.all(Array.from({ length: 20 }, (_, slot) => map.ownerOf(slot)));
    expect(asked).toBe(1);
  });

  test('is asked of another node if one does not say; of those that the Cluster named, once the seeds are gone', async () => {
    const silent = new Set([B.port]);
    const ask = async (node: NodeAddress): Promise<unknown> => {
      if (silent.has(node.port)) throw new Error('silent');
      return answer(B, C);
    };
    const map = mapOf(ask, { seeds: [A, B], freshMs: 0 });
    expect(await map.ownerOf(0)).toEqual(B);
    silent.add(A.port);
    await forgotten();
    expect(await map.ownerOf(16_383)).toEqual(C);
    silent.add(C.port);
    await forgotten();
    await expect(map.ownerOf(0)).rejects.toThrow(/no node of the Cluster.*silent/);
  });

  test('a failure is not kept', async () => {
    let fails = true;
    const map = mapOf(async () => {
      if (fails) throw new Error('ERR This instance has cluster support disabled');
      return answer(A, B);
    });
    await expect(map.owner()).rejects.toThrow('cluster support disabled');
    fails = false;
    expect(await map.ownerOf(1)).toEqual(A);
  });

  test.each(['', '?', null])('a node that the Cluster calls %j is the one that was asked', async host => {
    const map = mapOf(async () => [[0, 16_383, [host, 7_005, 'id']]]);
    expect(await map.ownerOf(5)).toEqual({ host: A.host, port: 7_005 });
  });

  test('a slot of nobody is an error that names it', async () => {
    const map = mapOf(async () => [[0, 10, [A.host, A.port, 'id']]]);
    await expect(map.ownerOf(11)).rejects.toThrow('slot 11');
  });

  test.each([
    ['a table', { '10.0.0.1:7002': { host: 'outside', port: 1 } }],
    ['a function', (name: string) => (name === '10.0.0.1:7002' ? { host: 'outside', port: 1 } : null)],
  ])('addresses are translated by %s', async (_, natMap) => {
    const map = mapOf(async () => answer(A, B), { natMap });
    expect(await map.ownerOf(0)).toEqual(A);
    expect(await map.ownerOf(16_383)).toEqual({ host: 'outside', port: 1 });
  });
});
