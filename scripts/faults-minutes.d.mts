/** Minutes of the scenarios of a run: those of each that is not in `by`. */
export interface Minutes {
  readonly each: number;
  readonly by: Readonly<Record<string, number>>;
}

export function parseMinutes(text: string, ids: readonly string[]): Minutes;
export function minutesOf(minutes: Minutes, id: string): number;
export function describeMinutes(minutes: Minutes): string;
