import { loadOptional } from '../../lib/adapters/shared/load-optional.js';
import { MissingPackageError } from '../../lib/errors/package.errors.js';

const absent = 'nestjs-durable-absent-package';

describe('loadOptional', () => {
  it('gives the package that is installed', async () => {
    const pg = await loadOptional(() => import('pg'), { package: 'pg', option: 'postgres' });
    expect(pg.default.Pool).toBeDefined();
  });

  it('names the package, the option and the command when it is not installed', async () => {
    const loading = loadOptional<unknown>(() => import(absent), { package: absent, option: 'redis' });
    await expect(loading).rejects.toBeInstanceOf(MissingPackageError);
    await expect(loading).rejects.toMatchObject({
      code: 'DURABLE_MISSING_PACKAGE',
      package: absent,
      option: 'redis',
      command: `npm install ${absent}`,
      message: `redis needs the package "${absent}", which is not installed. Run: npm install ${absent}`,
    });
  });

  it('does not blame the package for a missing dependency of its own', async () => {
    const loading = loadOptional<unknown>(() => import(absent), { package: 'ioredis', option: 'redis' });
    await expect(loading).rejects.not.toBeInstanceOf(MissingPackageError);
  });

  it('passes on what the package throws while it loads', async () => {
    const failure = new Error('no binary for this platform');
    const loading = loadOptional(() => Promise.reject(failure), { package: 'ioredis', option: 'redis' });
    await expect(loading).rejects.toBe(failure);
  });
});
