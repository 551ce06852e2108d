/**
 * The book of revisions as it lies on disk.
 *
 * Owns its shape. A file of its own, so that the running agent, which writes books and reads none, has no schema in its memory.
 * Called where a run begins.
 */
import * as z from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const revisionSchema = z.object({
  number: z.int().positive(),
  atMs: z.number(),
  by: z.string(),
  why: z.string(),
  hash,
  state: z.enum(['trial', 'confirmed', 'returned']),
  reason: z.string(),
});
const trialSchema = z.object({
  number: z.int().positive(),
  mode: z.enum(['auto', 'asked']),
  trialMs: z.number().positive(),
  /** Of the trial, as far as it is known. A power cut takes a part of a minute of it. */
  spentMs: z.number().nonnegative(),
  /** How often the agent had to start with it. */
  starts: z.int().nonnegative(),
  commandId: z.string().nullable(),
  baseline: z.object({ units: z.array(z.string()), isOnline: z.boolean() }),
});
const bookSchema = z.object({
  version: z.literal(1),
  /** The confirmed one. */
  current: z.int().positive(),
  trial: trialSchema.nullable(),
  /** SHA-256 of the file of the site as it was last taken up. */
  fileHash: hash,
  /** Serial of the newest signature that was accepted, so that an older one is not taken again. */
  signedSerial: z.int().nonnegative().default(0),
  /** Oldest first. */
  revisions: z.array(revisionSchema).min(1),
});

export type Trial = z.infer<typeof trialSchema>;
export type RevisionHistory = z.infer<typeof bookSchema>;

/** Undefined for what is no book, or one whose current revision is not in it. */
export function readRevisionHistory(value: unknown): RevisionHistory | undefined {
  const { data } = bookSchema.safeParse(value);
  if (data === undefined) return undefined;
  const numbers = data.revisions.map(({ number }) => number);
  return [data.current, data.trial?.number ?? data.current].every((number) => numbers.includes(number)) ? data : undefined;
}
