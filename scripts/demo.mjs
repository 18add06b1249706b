/**
 * `npm run demo`: an order survives the death of its process, on a bare checkout, without a server.
 *
 * Installs what is missing, starts `sample/01-order` as a real process on an embedded PostgreSQL in a fresh
 * directory, places an order over HTTP, kills the process with SIGKILL in the middle of the second step, starts it
 * again, and shows that the order completes without repeating what it had recorded. Exit code 0 if so, else 1.
 *
 * Node's own modules only until the install is done.
 */
/* global fetch */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { buildSample } from './demo/build.mjs';
import { judge, nameOf } from './demo/checks.mjs';
import { OrderProcess } from './demo/order-process.mjs';
import { facts, heading, paint, print, table, Timeline } from './demo/screen.mjs';
import { installPackages } from './install.mjs';

const ROOT = join(import.meta.dirname, '..');
const ORDER = {
  orderId: 'order-1001',
  sku: 'espresso-cup',
  quantity: 2,
  amount: 4980,
  email: 'ada@example.com',
};
/** The demo takes some ten seconds; after so many something hangs. */
const LIMIT_MS = 60_000;

const timeline = new Timeline();
const processes = [];
let directory;

process.once('exit', () => {
  for (const one of processes) one.kill('SIGKILL');
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}

try {
  const main = await prepare();
  const seen = await Promise.race([live(main), limit()]);
  process.exit(report(seen) ? 0 : 1);
} catch (error) {
  print(`\n ${paint('red', `✗ ${error.message}`)}`);
  printOutput();
  process.exit(1);
}

/** What has to be there before anything can be shown. Gives the program to run. */
async function prepare() {
  heading('nestjs-durable: an order that survives kill -9');
  const installed = await installPackages(ROOT, reason => facts([['packages', `${reason}: npm ci …`]]));
  const { main, built } = await buildSample(ROOT, '01-order');
  directory = mkdtempSync(join(tmpdir(), 'nestjs-durable-demo-'));
  facts([
    ['packages', installed ? 'installed' : 'up to date'],
    ['build', `lib and sample/01-order, ${built ? 'just now' : 'up to date'}`],
    ['data', 'embedded PostgreSQL: no server, no configuration'],
    ['directory', `${directory} (removed at the end)`],
  ]);
  return main;
}

/** The life of an order, shown as it happens. Gives all that can be known of it from outside. */
async function live(main) {
  heading('What happens');
  const first = start(main, { place: 'cyan', note: 'creates its database' });
  const { id } = await request(await first.listening(), 'POST /orders', ORDER);
  await first.started(2);
  await first.kill('SIGKILL');
  const steps = first.steps.map(({ name }) => name);
  const inFlight = steps.pop();
  const red = { place: ['red', 'bold'], text: 'red' };
  timeline.row(`kill -9 ${first.pid}`, `in the middle of ${inFlight}`, red);

  const second = start(main, { place: 'magenta', note: 'on the same directory', recorded: steps, inFlight });
  const url = await second.listening();
  await over(url, id);
  const order = await request(url, 'GET /orders/:id', undefined, id);
  const journal = await (await fetch(`${url}/orders/${id}/journal`)).json();
  const stopped = await second.kill('SIGTERM');
  const executions = [...first.steps, ...second.steps];
  return { id, order, journal, executions, killed: first.pid, stopped };
}

/** Starts the sample. Each step that it executes gets a row, after rows for those that it is spared. */
function start(main, { place, note, recorded = [], inFlight }) {
  const started = new OrderProcess({ main, directory });
  processes.push(started);
  const row = (what, text) => timeline.row(`process ${started.pid}`, what, { place, text });
  row(`starts, ${note}`);
  started.once('listening', url => row(`listens on ${url}`));
  started.on('step', ({ name, about }) => {
    for (const spared of recorded.splice(0)) {
      if (spared !== name) row(`${spared.padEnd(8)} replayed from the journal, not executed`, 'green');
    }
    const again = name === inFlight ? paint('yellow', '  again, as it had no result yet') : '';
    row(`${name.padEnd(8)} ${about}${again}`);
  });
  return started;
}

/** Makes a request that has a row: `METHOD /path`, in which `:id` stands for the id. */
async function request(url, what, body, id) {
  const [method, path] = what.split(' ');
  const options = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(url + path.replace(':id', id), options);
  const text = await response.text();
  if (!response.ok) throw new Error(`${what} gave ${response.status} ${text}`);
  const answer = JSON.parse(text);
  timeline.row(what, `${response.status} ${answer.status ?? text}`, { place: 'blue' });
  return answer;
}

/** Resolves when the order is over. */
async function over(url, id) {
  for (;;) {
    const order = await (await fetch(`${url}/orders/${id}`)).json();
    if (order.finishedAt) return;
    await pause(50);
  }
}

async function limit() {
  await pause(LIMIT_MS, undefined, { ref: false });
  throw new Error(`the demo was not over after ${LIMIT_MS / 1000} s`);
}

/** Prints the journal, and what to think of it all; whether all is well. */
function report({ id, ...seen }) {
  heading(`The journal of ${id}`);
  const head = ['index', 'kind', 'name', 'outcome', 'tries', 'duration', 'epoch', 'executed by process'];
  table(
    head,
    seen.journal.map(entry => journalRow(entry, seen.executions)),
  );
  facts(
    [['epoch', 'rises when the order changes hands: 1 the first process, 2 taken away, 3 the second']],
    5,
  );
  heading('Checked, by what the processes printed and by the journal');
  const checks = judge(seen);
  for (const { passed, text } of checks) {
    print(passed ? `   ${paint('green', '✓')} ${text}` : paint('red', `   ✗ ${text}`));
  }
  const passed = checks.every(check => check.passed);
  if (passed) advise();
  else printOutput();
  return passed;
}

function journalRow(entry, executions) {
  const { index, kind, name, outcome, failedTries, durationMs, epoch } = entry;
  const by = executions.filter(execution => execution.name === nameOf(entry)).map(({ pid }) => pid);
  const tries = failedTries + (outcome === 'ok' ? 1 : 0);
  return [index, kind, name, outcome, tries, `${durationMs} ms`, epoch, by.join(', ')];
}

function advise() {
  heading('Try next');
  const advice = [
    ['sample/01-order/README.md', 'the same application: order by hand, kill what you like'],
    ['POSTGRES_URL=… REDIS_URL=…', 'in its environment: on servers, in as many processes as you start'],
    ['npm test', 'every promise of the library, attacked'],
  ];
  facts(advice, 27);
  print();
}

/** What the processes said last, for whoever has to find out. */
function printOutput() {
  for (const { pid, output } of processes) {
    heading(`Last lines of process ${pid}`);
    for (const line of output.slice(-30)) print(`   ${line}`);
  }
}
