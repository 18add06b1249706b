/** A mark on an axis. */
export interface Tick {
  /** Pixels from the left, or from the top. */
  readonly at: number;
  readonly text: string;
}

export interface Axis {
  /** What is measured, and in what unit. */
  readonly label: string;
  readonly ticks: readonly Tick[];
}

/** What a plot has around what it shows. */
export interface Frame {
  readonly title: string;
  /** Where it was measured. */
  readonly note: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly area: Area;
  /** Names of the series, in the order of their colours. */
  readonly legend: readonly string[];
}

/** Where what is shown has its place, in pixels. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Pixels of every plot from left to right. */
export const WIDTH = 860;
/** Where the area begins, below the title and the note. */
export const TOP = 72;
/** Where it ends on the right. */
export const RIGHT = WIDTH - 28;

/** Colours that can be told apart by colour-blind people too, each on white and on black. */
const SERIES = [
  ['#0b5cad', '#6cb6ff'],
  ['#b35900', '#f5a85a'],
  ['#1a7f4b', '#57d998'],
  ['#8a3ea8', '#d6a1ee'],
  ['#b3261e', '#ff8a80'],
] as const;

const LEGEND_LINE = 20;
const BELOW_AREA = 64;

/** A whole SVG, to be read on a light and on a dark page: it has a background of its own, and follows the reader's scheme. */
export function svg({ title, note, x, y, area, legend }: Frame, marks: readonly string[]): string {
  const height = area.bottom + BELOW_AREA + legend.length * LEGEND_LINE;
  const middle = { x: (area.left + area.right) / 2, y: (area.top + area.bottom) / 2 };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style()}</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}"/>`,
    text({ x: 20, y: 28, kind: 'title' }, title),
    text({ x: 20, y: 50, kind: 'note' }, note),
    ...x.ticks.flatMap(({ at, text: label }) => [
      line(at, area.top, at, area.bottom),
      text({ x: at, y: area.bottom + 20, anchor: 'middle' }, label),
    ]),
    ...y.ticks.flatMap(({ at, text: label }) => [
      line(area.left, at, area.right, at),
      text({ x: area.left - 8, y: at + 4, anchor: 'end' }, label),
    ]),
    text({ x: middle.x, y: area.bottom + 44, anchor: 'middle' }, x.label),
    `<g transform="translate(18 ${middle.y}) rotate(-90)">${text({ x: 0, y: 0, anchor: 'middle' }, y.label)}</g>`,
    ...marks,
    ...legend.flatMap((name, series) => {
      const at = area.bottom + BELOW_AREA + series * LEGEND_LINE;
      const sample = `<path class="s${series}" d="M${area.left} ${at}h24"/>`;
      return [sample, text({ x: area.left + 32, y: at + 4 }, name)];
    }),
    '</svg>',
    '',
  ].join('\n');
}

/** Text as it stands in XML. */
export function escaped(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function text(
  {
    x,
    y,
    anchor = 'start',
    kind,
  }: { x: number; y: number; anchor?: 'start' | 'middle' | 'end'; kind?: string },
  value: string,
): string {
  const named = kind === undefined ? '' : ` class="${kind}"`;
  return `<text x="${rounded(x)}" y="${rounded(y)}" text-anchor="${anchor}"${named}>${escaped(value)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<path class="grid" d="M${rounded(x1)} ${rounded(y1)}L${rounded(x2)} ${rounded(y2)}"/>`;
}

/** Pixels, to a tenth. */
export function rounded(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function style(): string {
  const colours = (scheme: 0 | 1): string =>
    SERIES.map((pair, at) => `path.s${at}{stroke:${pair[scheme]}}circle.s${at}{fill:${pair[scheme]}}`).join(
      '',
    );
  return `
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:16px;font-weight:600}.note{font-size:12px;fill:#59636e}
path{fill:none;stroke-width:2}.page{fill:#fff}.grid{stroke:#d1d9e0;stroke-width:1}.band{fill:#1a7f4b;fill-opacity:.12}${colours(0)}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.note{fill:#9198a1}.page{fill:#0d1117}.grid{stroke:#3d444d}${colours(1)}}
`;
}
