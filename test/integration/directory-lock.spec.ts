import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryLock } from '../../lib/adapters/embedded/directory-lock.js';
import { ownIdentity } from '../../lib/adapters/embedded/process-identity.js';
import { DirectoryInUseError } from '../../lib/errors/embedded.errors.js';
import { Child } from '../support/child.js';

const IN_USE = 'DURABLE_DIRECTORY_IN_USE';
const FAST = { beatMs: 40, silenceMs: 400, oldMs: 60_000 };

describe('directory lock', () => {
  let root: string;
  let directory: string;
  const children: Child[] = [];

  async function spawn(count: number): Promise<Child[]> {
    const spawned = Array.from({ length: count }, () => new Child('lock-contender.mjs'));
    children.push(...spawned);
    for (const child of spawned) expect(await child.receive()).toBe('ready');
    return spawned;
  }

  async function contend(contenders: readonly Child[], message: object): Promise<unknown[]> {
    for (const child of contenders) child.send({ directory, ...message });
    return Promise.all(contenders.map(child => child.receive()));
  }

  async function state(): Promise<string> {
    const [name, ...more] = await readdir(join(directory, 'lock'));
    expect(more).toEqual([]);
    return name ?? '';
  }

  /** Makes the lock look as `holder` would have left it. */
  async function leave(holder: { pid?: number; startedAt?: number; place?: string }): Promise<string> {
    const lock = await DirectoryLock.acquire(directory);
    const [, pid, startedAt, place, since, token] = (await state()).split('.');
    const { pid: p = pid, startedAt: s = startedAt, place: l = place } = holder;
    const left = `held.${p}.${s}.${l}.${since}.${token}`;
    await rename(join(directory, 'lock', await state()), join(directory, 'lock', left));
    await lock.release();
    return join(directory, 'lock', left);
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'durable-lock-'));
  });

  beforeEach(async () => {
    directory = await mkdtemp(join(root, 'd-'));
  });

  afterEach(async () => {
    await Promise.all(children.splice(0).map(child => child.kill()));
  });

  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('refuses a second opener in the same process, and names it', async () => {
    const lock = await DirectoryLock.acquire(directory);
    const second = DirectoryLock.acquire(directory);
    await expect(second).rejects.toBeInstanceOf(DirectoryInUseError);
    await expect(second).rejects.toMatchObject({ code: IN_USE, directory, pid: process.pid });
    await expect(second).rejects.toThrow(
      /in use by process \d+ \(this one\).*`embedded\.directory`.*`postgres`/,
    );
    await lock.release();
  });

  it('can be taken again after it was released, and releasing twice is once', async () => {
    for (let round = 0; round < 20; round++) {
      const lock = await DirectoryLock.acquire(directory);
      await Promise.all([lock.release(), lock.release()]);
      await lock.release();
    }
    expect(await state()).toMatch(/^free\./);
  });

  it('refuses a second process while the first lives, and says since when', async () => {
    const before = Date.now();
    const [child] = await spawn(1);
    expect(await contend([child!], {})).toEqual(['won']);
    const error = await DirectoryLock.acquire(directory).catch((e: unknown) => e as DirectoryInUseError);
    expect(error).toMatchObject({ code: IN_USE, pid: child!.pid });
    expect((error as DirectoryInUseError).since.getTime()).toBeGreaterThanOrEqual(before);
    child!.send('release');
    expect(await child!.receive()).toBe('released');
    await (await DirectoryLock.acquire(directory)).release();
  });

  it('takes over at once from a process that was killed', async () => {
    const [child] = await spawn(1);
    expect(await contend([child!], {})).toEqual(['won']);
    await child!.kill();
    const began = performance.now();
    const lock = await DirectoryLock.acquire(directory);
    expect(performance.now() - began).toBeLessThan(10_000);
    await lock.release();
  });

  it('takes over when the process id was given to another process since', async () => {
    const [child] = await spawn(1);
    const { startedAt } = await ownIdentity();
    await leave({ pid: child!.pid, startedAt: startedAt - 1 });
    await (await DirectoryLock.acquire(directory)).release();
  });

  it('gives a stale lock to exactly one of several processes, round after round', async () => {
    const contenders = await spawn(4);
    for (let round = 0; round < 150; round++) {
      await leave({ pid: 2 ** 22 + 1 });
      const answers = await contend(contenders, {});
      expect(answers.toSorted()).toEqual([IN_USE, IN_USE, IN_USE, 'won']);
      const winner = contenders[answers.indexOf('won')]!;
      winner.send('release');
      expect(await winner.receive()).toBe('released');
    }
  }, 60_000);

  it('gives a directory without a lock to exactly one of several processes, round after round', async () => {
    const contenders = await spawn(4);
    for (let round = 0; round < 100; round++) {
      directory = await mkdtemp(join(root, 'fresh-'));
      const answers = await contend(contenders, {});
      expect(answers.toSorted()).toEqual([IN_USE, IN_USE, IN_USE, 'won']);
      expect(await readdir(directory)).toEqual(['lock']);
    }
  }, 60_000);

  it('is never held by two while holders are killed at any moment', async () => {
    const crowd = await spawn(4);
    const told: unknown[] = [];
    for (const child of crowd) child.send({ directory, storm: true });
    for (let kill = 0; kill < 25; kill++) {
      await sleep(20 + Math.random() * 60);
      const victim = crowd.shift()!;
      await victim.kill();
      told.push(...victim.drain());
      const [next] = await spawn(1);
      next!.send({ directory, storm: true });
      crowd.push(next!);
    }
    for (const child of crowd) {
      await child.kill();
      told.push(...child.drain());
    }
    expect(told.filter(message => message !== 'round')).toEqual([]);
    expect(told.length).toBeGreaterThan(100);
  }, 60_000);

  describe('held in another container or on another machine', () => {
    it('is refused while its holder shows that it is alive', async () => {
      const file = await leave({ place: 'elsewhere' });
      const beat = setInterval(() => void utimes(file, new Date(), new Date()), FAST.beatMs);
      await expect(DirectoryLock.acquire(directory, undefined, FAST)).rejects.toMatchObject({ code: IN_USE });
      clearInterval(beat);
    });

    it('is taken over after its holder was silent, by exactly one', async () => {
      const contenders = await spawn(3);
      for (let round = 0; round < 5; round++) {
        await leave({ place: 'elsewhere' });
        const answers = await contend(contenders, { timings: FAST });
        expect(answers.toSorted()).toEqual([IN_USE, IN_USE, 'won']);
        const winner = contenders[answers.indexOf('won')]!;
        winner.send('release');
        expect(await winner.receive()).toBe('released');
      }
    });

    it('is taken over at once when its last sign of life is old', async () => {
      const file = await leave({ place: 'elsewhere' });
      const old = new Date(Date.now() - 61_000);
      await utimes(file, old, old);
      const began = performance.now();
      await (await DirectoryLock.acquire(directory)).release();
      expect(performance.now() - began).toBeLessThan(10_000);
    });

    it('shows that it is alive from its first moment on', async () => {
      await (await DirectoryLock.acquire(directory)).release();
      await utimes(join(directory, 'lock', await state()), new Date(0), new Date(0));
      const second = await DirectoryLock.acquire(directory);
      const { mtimeMs } = await stat(join(directory, 'lock', await state()));
      expect(Date.now() - mtimeMs).toBeLessThan(5_000);
      await second.release();
    });
  });

  it('tells its holder when the directory is gone', async () => {
    let lock: DirectoryLock | undefined;
    await new Promise<void>((resolve, reject) => {
      DirectoryLock.acquire(directory, resolve, FAST).then(async acquired => {
        lock = acquired;
        await rm(directory, { recursive: true });
      }, reject);
    });
    await lock?.release();
    await mkdir(directory);
    await (await DirectoryLock.acquire(directory)).release();
  });

  it('says what to do about a lock that somebody else damaged', async () => {
    await (await DirectoryLock.acquire(directory)).release();
    await rename(join(directory, 'lock', await state()), join(directory, 'lock', '.DS_Store'));
    await expect(DirectoryLock.acquire(directory)).rejects.toThrow(/delete it if no process uses/);
  }, 120_000);
});
