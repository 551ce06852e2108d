/**
 * Parsed profile file → the whole profile, or all its mistakes, including those that can be found despite a wrong key or word.
 *
 * Pure.
 */
import type { Profile } from '../agent/core/profile.ts';
import { droppedKeys, type SchemaFinding, schemaFindings, valueAt } from '../agent/core/schema-findings.ts';
import { nearest } from '../agent/core/suggestions.ts';
import { checkProfile } from './profile-checks.ts';
import { missingExamples } from './profile-examples.ts';
import { type ExpandedProfile, expandProfile, type FilePath } from './profile-expand.ts';
import type { Flaw } from './profile-flaw.ts';
import { type ProfileDocument, profileJsonSchema, profileSchema } from './profile-schema.ts';

/**
 * What a profile is checked for. `service`: to be used by the agent. `trial`: for reading a real unit, for which no example is required.
 */
export type ProfileUse = 'trial' | 'service';

/** The profile, written out in full, or the mistakes that were found in its file. */
export type Judgement =
  | { readonly profile: Profile; readonly findings: readonly [] }
  | { readonly profile: null; readonly findings: readonly SchemaFinding[] };

/** Keys that the checks of points, and of everything that names points, depend on. */
const POINTS = ['points', 'repeat'];
const ON_POINTS = [...POINTS, 'groups', 'uptime', 'quirks'];

/**
 * Returns the profile of a parsed file, written out in full, or the mistakes that were found in it. `use`: `trial` requires no examples of
 * frames.
 */
export function judgeProfile(value: unknown, use: ProfileUse): Judgement {
  const result = profileSchema.safeParse(value);
  if (!result.success) return { profile: null, findings: withSecondLook(value, result.error.issues, use) };
  const expanded = expandProfile(result.data);
  const findings = [...droppedKeys(value), ...flawsOf(expanded, use)];
  return findings.length > 0 ? { profile: null, findings } : { profile: expanded.profile, findings: [] };
}

function flawsOf(expanded: ExpandedProfile, use: ProfileUse): Flaw[] {
  return [...checkProfile(expanded), ...(use === 'service' ? missingExamples(expanded.profile) : [])];
}

type Issues = NonNullable<ReturnType<typeof profileSchema.safeParse>['error']>['issues'];

/** The findings of the schema, and those of the checks that do not depend on them. */
function withSecondLook(value: unknown, issues: Issues, use: ProfileUse): SchemaFinding[] {
  const root = profileJsonSchema();
  // One finding per value, even if a number is wrong in two ways.
  const byPath = new Map(
    [...droppedKeys(value), ...issues.flatMap((issue) => schemaFindings(root, value, issue))].map((finding) => [
      JSON.stringify(finding.path),
      finding,
    ]),
  );
  const second = profileSchema.safeParse(mended(value, issues));
  const findings = [...byPath.values()];
  if (!second.success) return findings;
  const expanded = expandProfile(second.data);
  return [...findings, ...flawsOf(expanded, use).filter(({ path }) => !isDoubtful(path, findings, second.data))];
}

/** Removes unknown keys and replaces each invalid word with a valid one; the result is only for finding more mistakes, not for use. */
function mended(value: unknown, issues: Issues): unknown {
  const copy = structuredClone(value);
  for (const issue of issues) {
    const at = issue.code === 'unrecognized_keys' ? issue.path : issue.path.slice(0, -1);
    const section = valueAt(copy, at as FilePath) as Record<PropertyKey, unknown>;
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) delete section[key];
    else if (issue.code === 'invalid_value' && issue.path.length > 0) section[issue.path.at(-1) as PropertyKey] = issue.values[0];
  }
  return copy;
}

/** Whether a flaw may be caused by a repaired place. */
function isDoubtful(path: FilePath, findings: readonly SchemaFinding[], document: ProfileDocument): boolean {
  const keys = new Set(findings.map(({ path: [top = ''] }) => meant(String(top))));
  if (keys.has('transport') || keys.has('codec')) return true;
  if (POINTS.some((key) => keys.has(key))) for (const key of ON_POINTS) keys.add(key);
  const [top = ''] = path;
  if (top === 'trust') return keys.has('trust') || keys.has('experimental');
  if (top !== 'examples') return keys.has(String(top));
  if (findings.some((finding) => finding.path[0] === 'examples' && (finding.path.length < 2 || finding.path[1] === path[1]))) return true;
  const [, , , point] = path;
  return point !== undefined && doubtfulPoints(findings, document).some((id) => String(point) === id || String(point).endsWith(`_${id}`));
}

/** A misspelt top-level key counts as the one it is nearest to. */
function meant(key: string): string {
  return nearest(key, Object.keys(profileSchema.shape)) ?? key;
}

function doubtfulPoints(findings: readonly SchemaFinding[], document: ProfileDocument): string[] {
  return findings.flatMap(({ path }) => {
    const row = path[0] === 'points' ? path.slice(0, 2) : path[0] === 'repeat' ? path.slice(0, 4) : [];
    const found = valueAt(document, row);
    return row.length > 0 && typeof found === 'object' && found !== null && 'id' in found ? [String(found.id)] : [];
  });
}
