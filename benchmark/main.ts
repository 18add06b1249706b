import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { currentLoad, inspectMachine } from './machine.js';
import { measureAll } from './measure.js';
import { ArgumentError, parseOptions, USAGE, type BenchOptions } from './options.js';
import { plotsOf } from './plots/plots.js';
import { toMarkdown, type Report } from './report.js';
import { Servers } from './servers.js';
import { countStatements } from './statements.js';
import { TRANSPORTS } from './transports.js';

// The servers end with this process, but not with a signal that nobody handles.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options) await bench(options);
    else process.stdout.write(`${USAGE}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    return 2;
  }
}

async function bench(options: BenchOptions): Promise<void> {
  const servers = new Servers();
  countStatements();
  try {
    const report = await run(options, servers);
    process.stdout.write(`${toMarkdown(report)}\n`);
    if (options.json !== undefined) write(options.json, `${JSON.stringify(report, null, 2)}\n`);
    if (options.svg !== undefined)
      for (const { file, svg } of plotsOf(report)) write(join(options.svg, file), svg);
  } finally {
    await servers.stop();
  }
}

async function run(options: BenchOptions, servers: Servers): Promise<Report> {
  const progress = (line: string): boolean => process.stderr.write(`${line}\n`);
  const before = currentLoad();
  const chosen = options.transports.map(name => TRANSPORTS[name]);
  const uses = {
    postgres: chosen.some(({ postgres }) => postgres),
    redis: chosen.some(({ redis }) => redis),
  };
  const machine = await inspectMachine(servers, uses);
  progress(`machine: load ${before}, ${machine.limits.fdatasyncPerSecond} fdatasync/s`);
  const measurements = await measureAll(options, servers, progress);
  return { machine: { ...machine, load: { before, after: currentLoad() } }, measurements };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
