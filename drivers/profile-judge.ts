/**
 * A profile file as parsed → the whole profile, or all its mistakes, including those that can be found in spite of a wrong key or word.
 *
 * Pure.
 */
import type { Profile } from '../agent/core/profile.ts';
import { type SchemaFinding, schemaFindings, valueAt } from '../agent/core/schema-findings.ts';
import { nearest } from '../agent/core/suggestions.ts';
import { checkProfile } from './profile-checks.ts';
import { missingExamples } from './profile-examples.ts';
import { type ExpandedProfile, expandProfile, type FilePath } from './profile-expand.ts';
import type { Flaw } from './profile-flaw.ts';
import { type ProfileDocument, profileJsonSchema, profileSchema } from './profile-schema.ts';

/** `trial`: to be read from a real unit, which proves more than an example that is not there yet. */
export type ProfileUse = 'trial' | 'service';

export type Judgement =
  | { readonly profile: Profile; readonly findings: readonly [] }
  | { readonly profile: null; readonly findings: readonly SchemaFinding[] };

/** What the checks of points, and of all that names points, rest upon. */
const POINTS = ['points', 'repeat'];
const ON_POINTS = [...POINTS, 'groups', 'uptime', 'quirks'];

export function judgeProfile(value: unknown, use: ProfileUse): Judgement {
  const result = profileSchema.safeParse(value);
  if (!result.success) return { profile: null, findings: withSecondLook(value, result.error.issues, use) };
  const expanded = expandProfile(result.data);
  const findings = flawsOf(expanded, use);
  return findings.length > 0 ? { profile: null, findings } : { profile: expanded.profile, findings: [] };
}

function flawsOf(expanded: ExpandedProfile, use: ProfileUse): Flaw[] {
  return [...checkProfile(expanded), ...(use === 'service' ? missingExamples(expanded.profile) : [])];
}

type Issues = NonNullable<ReturnType<typeof profileSchema.safeParse>['error']>['issues'];

/** The findings of the schema, and those of the checks that do not depend on them. */
function withSecondLook(value: unknown, issues: Issues, use: ProfileUse): SchemaFinding[] {
  const root = profileJsonSchema();
  // One finding a value, though a number may be wrong in two ways.
  const byPath = new Map(
    issues.flatMap((issue) => schemaFindings(root, value, issue)).map((finding) => [JSON.stringify(finding.path), finding]),
  );
  const second = profileSchema.safeParse(mended(value, issues));
  const findings = [...byPath.values()];
  if (!second.success) return findings;
  const expanded = expandProfile(second.data);
  return [...findings, ...flawsOf(expanded, use).filter(({ path }) => !isDoubtful(path, findings, second.data))];
}

/** Without unknown keys, with an allowed word for each that is not; it cannot be used, only looked at. */
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

/** Whether a flaw may come from a place that was mended. */
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

/** A misspelt key at the top stands for the one it is nearest to. */
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
