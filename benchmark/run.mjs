/** `npm run bench`: builds the package and the benchmark, and runs it with the arguments given. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';

const ROOT = join(import.meta.dirname, '..');

for (const script of ['build', 'build:apps']) {
  process.stderr.write(`npm run ${script}\n`);
  // What they print is no part of the benchmark's output.
  const { status } = spawnSync('npm', ['run', '--silent', script], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

await import('../.build/benchmark/main.js');
