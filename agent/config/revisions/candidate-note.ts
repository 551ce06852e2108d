/**
 * What stands beside a candidate on disk: who began it, when, and on which revision.
 *
 * Owns its shape.
 */
import * as z from 'zod';

const noteSchema = z.object({ by: z.string(), atMs: z.number(), base: z.int(), signature: z.string().nullable().default(null) });

/** Undefined for what is no note. */
export function readNote(value: unknown): z.infer<typeof noteSchema> | undefined {
  return noteSchema.safeParse(value).data;
}
