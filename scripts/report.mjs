import process from 'node:process';

/** Runs checks, says how each went, and counts. */
export class Report {
  passed = 0;
  failed = 0;
  /** The checks that {@link run} has begun. */
  begun = new Set();

  #total;
  #started = 0;

  /** @param {number} total how many checks there will be. */
  constructor(total) {
    this.#total = total;
  }

  /**
   * Runs checks one after the other. A list among them is of such as go on beside each other, each one check or again a
   * list of them, one after the other.
   *
   * @param {(object | object[])[]} steps of `{ name, run, isNeeded }`.
   * @param {() => boolean} isOver asked before each: no other is begun once it says so.
   * @returns {Promise<boolean>} whether it came to the end: not if one failed that is needed.
   */
  async run(steps, isOver = () => false) {
    for (const step of steps) {
      if (isOver()) return false;
      if (Array.isArray(step)) {
        const ends = await Promise.all(step.map(lane => this.run([lane].flat(), isOver)));
        if (ends.includes(false)) return false;
        continue;
      }
      this.begun.add(step);
      const passed = await this.check(step.name, step.run);
      if (!passed && step.isNeeded === true) return false;
    }
    return true;
  }

  /**
   * Runs a check and prints one line for it, and after that what it has to say if it failed.
   *
   * A check fails by throwing; of a `CheckFailed` only the message is shown. One that stands for several gives
   * `{ passed, failed, text }` instead.
   *
   * @returns {Promise<boolean>} whether it passed.
   */
  async check(name, body) {
    this.#started += 1;
    const label = `[${this.#started}/${this.#total}] ${name}`;
    const since = Date.now();
    process.stdout.write(`• ${label} …\n`);
    const { passed, failed, text } = await tally(body);
    this.passed += passed;
    this.failed += failed;
    const seconds = ((Date.now() - since) / 1000).toFixed(1);
    process.stdout.write(`${failed === 0 ? '✔' : '✖'} ${label} (${seconds} s)\n${text}`);
    return failed === 0;
  }

  /** The last line, alone: what continuous integration reads. */
  summary() {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}

async function tally(body) {
  try {
    return (await body()) ?? { passed: 1, failed: 0, text: '' };
  } catch (error) {
    return { passed: 0, failed: 1, text: `${error instanceof CheckFailed ? error.message : error.stack}\n` };
  }
}

export class CheckFailed extends Error {}

/** Throws what a command printed if it ended with an error. */
export function expectSuccess({ code, output }) {
  if (code !== 0) throw new CheckFailed(`${output.trimEnd()}\n(exit code ${code})`);
  return output;
}
