import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOTALS } from '../totals.mjs';
import { SeededRandom } from './random.js';

/** A counter, or what samples of a measure come to. */
export type Figure =
  number | { readonly samples: number; readonly p50: number; readonly p99: number; readonly max: number };

/** What a trial has shown, as `npm run faults` reads it. */
export interface TrialReport {
  readonly scenario: string;
  /** Of several of one scenario: on what, or in which way. */
  readonly variant: string;
  readonly seed: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, Figure>>;
}

const PROGRESS_MS = 5_000;
/** Longer than everything takes that is waited for once the time is over. */
const AFTERWARDS_MS = 240_000;
const { DURABLE_FAULTS_MINUTES: MINUTES, DURABLE_FAULTS_REPORT: REPORT } = process.env;

/**
 * One run of a scenario of RELIABILITY.md: for how long it goes on, by which random numbers, and what it has shown.
 *
 * In `npm test` it takes its short form; under `npm run faults` it goes on for the minutes that were asked for, says how
 * far it is, and leaves its figures to the report.
 */
export class Trial {
  /** Whether it is the long form, under `npm run faults`. */
  static readonly isLong = MINUTES !== undefined;
  readonly random = SeededRandom.fromEnvironment();

  readonly #counts = new Map<string, number>();
  readonly #samples = new Map<string, number[]>();
  readonly #ms: number;
  #began: number | undefined;
  #told = 0;

  /**
   * @param scenario its id: `S07`
   * @param shortMs for how long it goes on in `npm test`, if it goes on
   */
  constructor(
    readonly scenario: string,
    readonly variant: string,
    shortMs = 0,
  ) {
    this.#ms = MINUTES === undefined ? shortMs : Number(MINUTES) * 60_000;
  }

  /** For `jest.setTimeout()`: the long form's time, and enough for what comes after it. */
  static get timeoutMs(): number {
    return Number(MINUTES ?? 0) * 60_000 + AFTERWARDS_MS;
  }

  /** Whether there is time for another round; from the first question on. */
  goesOn(): boolean {
    const now = performance.now();
    this.#began ??= now;
    if (Trial.isLong && now - this.#told > PROGRESS_MS) {
      this.#told = now;
      this.#tell(now - this.#began);
    }
    return now - this.#began < this.#ms;
  }

  /** Counts what the report adds up over all trials, by its name among {@link TOTALS}. */
  total(what: string, by = 1): void {
    if (!(what in TOTALS)) throw new Error(`test/faults/totals.mjs has no '${what}'`);
    this.count(what, by);
  }

  /** Counts something that only this trial has. */
  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }

  /** Adds samples of a measure, whose name has its unit: `takeover ms`. */
  measure(what: string, ...values: readonly number[]): void {
    this.#samples.set(what, [...(this.#samples.get(what) ?? []), ...values]);
  }

  /** What was measured so far, sorted. */
  samples(what: string): readonly number[] {
    return [...(this.#samples.get(what) ?? [])].sort((one, other) => one - other);
  }

  counted(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** Prints the figures, and leaves them to the report of `npm run faults`. */
  report(): void {
    const measures = [...this.#samples.keys()].map(what => [what, summary(this.samples(what))] as const);
    const report: TrialReport = {
      scenario: this.scenario,
      variant: this.variant,
      seed: this.random.seed,
      seconds: Math.round((performance.now() - (this.#began ?? performance.now())) / 1_000),
      figures: Object.fromEntries([...this.#counts, ...measures]),
    };
    const text = Object.entries(report.figures).map(([what, figure]) => `${what}: ${toText(figure)}`);
    console.log(`${this.scenario} ${this.variant}, seed ${report.seed}: ${text.join('; ')}`);
    if (REPORT === undefined) return;
    mkdirSync(REPORT, { recursive: true });
    const file = `${this.scenario}-${this.variant.replaceAll(/\W+/g, '-')}.json`;
    writeFileSync(join(REPORT, file), JSON.stringify(report));
  }

  #tell(ms: number): void {
    const counts = [...this.#counts].map(([what, count]) => `${count} ${what}`).join(', ');
    const share = Math.round((100 * ms) / this.#ms);
    process.stderr.write(`  ${this.scenario} ${this.variant}: ${share} %, ${counts}\n`);
  }
}

function summary(sorted: readonly number[]): Figure {
  const at = (share: number): number => Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
  return { samples: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function toText(figure: Figure): string {
  if (typeof figure === 'number') return `${figure}`;
  return `p50 ${figure.p50}, p99 ${figure.p99}, max ${figure.max} of ${figure.samples}`;
}
