/** What a run of `npm run faults` has shown, as it is in `report.json`. */
export interface FaultsReport {
  readonly at: string;
  readonly machine: string;
  readonly commit: string;
  readonly minutes: string;
  readonly seed: number;
  readonly totals: Readonly<Record<string, number>>;
  readonly scenarios: readonly {
    readonly id: string;
    readonly title: string;
    readonly passed: number;
    readonly failed: number;
    readonly seconds: number;
    readonly trials: readonly {
      readonly variant: string;
      readonly figures: Readonly<Record<string, unknown>>;
    }[];
  }[];
}

export function toMarkdown(report: FaultsReport): string;
