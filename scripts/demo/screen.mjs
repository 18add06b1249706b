import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { styleText } from 'node:util';

const COLOURS = process.stdout.isTTY === true && !process.env.NO_COLOR;

/** A text in a style of `util.styleText`, where the terminal takes it. */
export function paint(style, text) {
  return COLOURS ? styleText(style, text, { validateStream: false }) : text;
}

/** Prints a line. */
export function print(line = '') {
  process.stdout.write(`${line}\n`);
}

/** Prints a heading with room around it. */
export function heading(text) {
  print(`\n ${paint('bold', text)}\n`);
}

/** Prints lines of two columns: a label, and what there is to say of it. */
export function facts(rows, width = 10) {
  for (const [label, text] of rows) print(`   ${paint('dim', label.padEnd(width))} ${text}`);
}

/** What happens, as it happens: the time since the first row, where, and what. */
export class Timeline {
  #since;

  /** @param style of the place and of the text, if it is more than a report */
  row(where, what, { place = 'dim', text } = {}) {
    this.#since ??= performance.now();
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(2).padStart(6);
    const shown = text ? paint(text, what) : what;
    print(`  ${paint('dim', `${seconds} s`)}  ${paint(place, where.padEnd(15))} ${shown}`);
  }
}

/** Prints a table. Numbers stand on the right. */
export function table(head, rows) {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map(row => String(row[column]).length)),
  );
  const line = cells =>
    `   ${cells
      .map((cell, column) => {
        const right = rows.every(row => /^\d/.test(String(row[column])));
        return right ? String(cell).padStart(widths[column]) : String(cell).padEnd(widths[column]);
      })
      .join('  ')}`.trimEnd();
  print(paint('dim', line(head)));
  for (const row of rows) print(line(row));
}
