import { Cluster } from 'ioredis';
import { redisSource } from '../../lib/adapters/redis/source.js';

describe('where Redis is', () => {
  test('without ioredis the option that needs it is named', async () => {
    const missing = Object.assign(new Error("Cannot find package 'ioredis'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    await expect(redisSource('redis://localhost', () => Promise.reject(missing))).rejects.toMatchObject({
      code: 'DURABLE_MISSING_PACKAGE',
      package: 'ioredis',
      option: 'redis',
    });
  });

  test('an ioredis that is broken is not called missing', async () => {
    const broken = new Error('broken');
    await expect(redisSource('redis://localhost', () => Promise.reject(broken))).rejects.toBe(broken);
  });

  test.each(['', 'localhost:6379', 'http://localhost', 'redis://localhost:port'])(
    '%j is no URL',
    async url => {
      await expect(redisSource(url)).rejects.toMatchObject({
        code: 'DURABLE_INVALID_OPTION',
        option: 'redis',
      });
    },
  );

  test('a Cluster is divided, one server is not', async () => {
    const cluster = await redisSource({ cluster: [{ host: 'localhost' }] });
    expect(cluster).toMatchObject({ isCluster: true, partitions: 8, keyPrefix: '' });
    expect(await redisSource({ host: 'localhost' })).toMatchObject({ isCluster: false, partitions: 1 });
  });

  test('the nodes of a Cluster of ioredis are known before it is connected', async () => {
    const nodes = [7001, 'redis://10.0.0.1:7002', { host: '10.0.0.2' }];
    const instance = new Cluster(nodes, { lazyConnect: true, redisOptions: { keyPrefix: 'app:' } });
    expect(await redisSource(instance)).toMatchObject({ isCluster: true, keyPrefix: 'app:' });
  });

  test('a Cluster without a node is refused', async () => {
    const cluster = {
      isCluster: true,
      options: {},
      status: 'wait',
      duplicate: () => undefined,
      nodes: () => [],
    };
    await expect(redisSource(cluster)).rejects.toMatchObject({
      code: 'DURABLE_INVALID_OPTION',
      option: 'redis',
    });
  });

  test('a Cluster of which no node answers says which was asked', async () => {
    const source = await redisSource({ cluster: [{ host: '127.0.0.1', port: 1 }] });
    await expect(source.at('key').open('test')).rejects.toThrow(/no node of the Cluster.*127\.0\.0\.1:1/);
  });

  test('the keyPrefix of options is known', async () => {
    expect((await redisSource({ host: 'localhost', keyPrefix: 'app:' })).keyPrefix).toBe('app:');
    expect((await redisSource('redis://localhost')).keyPrefix).toBe('');
  });
});
