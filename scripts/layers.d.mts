export interface LayerRule {
  /** Layers that it may import besides itself. */
  readonly imports: readonly string[];
  /** Files of those layers that it may not import all the same. */
  readonly except?: readonly string[];
  /** Packages that it may not import; `*` stands for any text. */
  readonly notPackages: readonly string[];
}

/** Rule of each layer, by its name. */
export const LAYERS: Readonly<Record<string, LayerRule>>;

/** What must not be reached even over other files, by imports that run. */
export const UNREACHABLE: readonly { readonly from: string; readonly to: readonly string[] }[];

/** The layer of a file, given by its path inside `lib/`; `undefined` if the table has no row for its folder. */
export function layerOf(file: string): string | undefined;

/** Why a file of `lib/` may not import a specifier as it stands in the source; `undefined` if it may. */
export function whyForbidden(file: string, specifier: string): string | undefined;

/** Whether a pattern, in which `*` stands for any text, covers the whole of a text. */
export function matches(pattern: string, text: string): boolean;
