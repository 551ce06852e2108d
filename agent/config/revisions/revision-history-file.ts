/**
 * The stored forms of the revision history and of a candidate's note. In a file of its own, because the schemas stay in memory: it is loaded only
 * when a run begins, or if there is a candidate.
 */
import * as z from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const revisionSchema = z.object({
  number: z.int().positive(),
  atMs: z.number(),
  by: z.string(),
  why: z.string(),
  /** The template of `why`, in the form of `message-wire.ts`; `reasonTemplate` likewise. */
  whyTemplate: z.unknown().optional(),
  hash,
  state: z.enum(['trial', 'confirmed', 'returned']),
  reason: z.string(),
  reasonTemplate: z.unknown().optional(),
});
const trialSchema = z.object({
  number: z.int().positive(),
  mode: z.enum(['auto', 'asked']),
  /** Length of the trial. Units: ms. */
  trialMs: z.number().positive(),
  /** Elapsed time of the trial. While it runs, the time until the next save is included. Units: ms. */
  spentMs: z.number().nonnegative(),
  /** How often the agent had to start with it. */
  starts: z.int().nonnegative(),
  commandId: z.string().nullable(),
  /** Its folder has the mark of a trial during the trial; false in a trial of an earlier release. */
  isMarked: z.boolean().default(false),
  baseline: z.object({ units: z.array(z.string()), silent: z.array(z.string()).optional(), isOnline: z.boolean() }),
});
const historySchema = z.object({
  version: z.literal(1),
  /** Number of the newest confirmed revision. */
  current: z.int().positive(),
  trial: trialSchema.nullable(),
  /** SHA-256 of the file of the site as last loaded. */
  fileHash: hash,
  /** Serial of the newest accepted signature; older ones are refused. */
  signedSerial: z.int().nonnegative().default(0),
  /** A revision was confirmed since that signature was accepted. Until then the same signature is accepted again. */
  isSerialUsed: z.boolean().default(true),
  /** Oldest first. */
  revisions: z.array(revisionSchema).min(1),
});

/**
 * The trial of a revision, as stored with the history: its terms and its progress. `baseline`: what did and did not answer before the
 * change, as in `Baseline`.
 */
export type Trial = z.infer<typeof trialSchema>;
/**
 * A cabinet's revisions, the trial (null for none), the hash of the file of the site, and the serial of the newest accepted signature.
 */
export type RevisionHistory = z.infer<typeof historySchema>;

/** Reads a history from its parsed JSON. Undefined for anything else, or if the current revision or the one on trial is missing. */
export function readRevisionHistory(value: unknown): RevisionHistory | undefined {
  const { data } = historySchema.safeParse(value);
  if (data === undefined) return undefined;
  const numbers = data.revisions.map(({ number }) => number);
  return [data.current, data.trial?.number ?? data.current].every((number) => numbers.includes(number)) ? data : undefined;
}

const noteSchema = z
  .object({
    by: z.string(),
    atMs: z.number(),
    base: z.int(),
    signature: z.string().nullable().default(null),
    authors: z.array(z.string()).optional(),
  })
  .transform(({ authors, ...note }) => ({ ...note, authors: authors ?? [note.by] }));

/** Reads from parsed JSON who last changed a candidate, when, its base revision, signature and authors. Undefined for anything else. */
export function readNote(value: unknown): z.infer<typeof noteSchema> | undefined {
  return noteSchema.safeParse(value).data;
}
