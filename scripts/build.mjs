/** `npm run build`: `dist/`, both builds at once. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { run } from './processes.mjs';

const ROOT = join(import.meta.dirname, '..');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
const builds = ['tsconfig.build.json', 'tsconfig.build.cjs.json'].map(project =>
  run(process.execPath, [TSC, '-p', project], { cwd: ROOT }),
);
for (const { code, output } of await Promise.all(builds)) {
  process.stdout.write(output);
  if (code !== 0) process.exit(code);
}
await import('./cjs-marker.mjs');
