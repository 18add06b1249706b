import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPackages, whyInstall } from '../../scripts/install.mjs';

type Packages = Record<string, { version?: string; integrity?: string; optional?: boolean }>;

const ROOT = { '': { version: '1.0.0' } };
const MS = { 'node_modules/ms': { version: '2.1.3', integrity: 'sha512-a' } };
const ELSEWHERE = { 'node_modules/for-another-system': { version: '1.0.0', optional: true } };

describe('the check of what is installed', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'nestjs-durable-install-'));
    await mkdir(join(root, 'node_modules'));
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  const lock = (path: string, packages: Packages): Promise<void> =>
    writeFile(join(root, path), JSON.stringify({ packages }));

  const why = async (wanted: Packages, installed?: Packages): Promise<string | undefined> => {
    await lock('package-lock.json', { ...ROOT, ...wanted });
    if (installed) await lock('node_modules/.package-lock.json', installed);
    return whyInstall(root);
  };

  it('asks for an install when there is none', async () => {
    expect(await why(MS)).toBe('no packages are installed');
  });

  it('asks for none when everything is there, but for what is optional', async () => {
    expect(await why({ ...MS, ...ELSEWHERE }, MS)).toBeUndefined();
  });

  it.each<[string, Packages]>([
    ['missing', {}],
    ['of another version', { 'node_modules/ms': { version: '2.1.2', integrity: 'sha512-a' } }],
    ['of another content', { 'node_modules/ms': { version: '2.1.3', integrity: 'sha512-b' } }],
  ])('asks for an install when a package is %s', async (_what, installed) => {
    expect(await why(MS, installed)).toBe('node_modules/ms is not as package-lock.json has it');
  });

  it('never installs through a symbolic link, which would empty the directory of another checkout', async () => {
    await rm(join(root, 'node_modules'), { recursive: true });
    await mkdir(join(root, 'elsewhere'));
    await symlink(join(root, 'elsewhere'), join(root, 'node_modules'));
    await lock('package-lock.json', { ...ROOT, ...MS });
    await expect(installPackages(root)).rejects.toThrow('node_modules is a symbolic link');
  });
});
