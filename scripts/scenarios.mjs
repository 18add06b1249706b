import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A `describe` whose title begins with the id of a scenario. */
const TITLE = /describe(?:\.each\([^)]*\))?\(\s*['"`](S\d\d)[ ,:]+([^'"`]*)/g;

/**
 * The scenarios that tests stand for, by what their `describe` says: `describe('S07 …')`.
 *
 * @returns {{ id: string, titles: string[], files: string[] }[]} sorted by id; files are relative to the root.
 */
export function findScenarios(root) {
  const scenarios = new Map();
  const files = readdirSync(join(root, 'test'), { recursive: true }).filter(file =>
    file.endsWith('.spec.ts'),
  );
  for (const file of files.sort()) {
    for (const [, id, title] of readFileSync(join(root, 'test', file), 'utf8').matchAll(TITLE)) {
      const scenario = scenarios.get(id) ?? { id, titles: [], files: [] };
      scenario.titles.push(title.replace(/(?:on |: )%s,? ?/, '').trim());
      if (!scenario.files.includes(`test/${file}`)) scenario.files.push(`test/${file}`);
      scenarios.set(id, scenario);
    }
  }
  return [...scenarios.values()].sort((one, other) => one.id.localeCompare(other.id));
}
