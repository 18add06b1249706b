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

  test('a Cluster is refused', async () => {
    const cluster = { isCluster: true, options: {}, status: 'ready', duplicate: () => undefined };
    await expect(redisSource(cluster)).rejects.toThrow('Cluster');
  });

  test('the keyPrefix of options is known', async () => {
    expect((await redisSource({ host: 'localhost', keyPrefix: 'app:' })).keyPrefix).toBe('app:');
    expect((await redisSource('redis://localhost')).keyPrefix).toBe('');
  });
});
