/**
 * The note on disk that says who began a candidate, when, and on which revision. In a file of its own, because its schema stays in memory.
 */
import * as z from 'zod';

const noteSchema = z.object({ by: z.string(), atMs: z.number(), base: z.int(), signature: z.string().nullable().default(null) });

/** Reads the note from its JSON; undefined for anything else. */
export function readNote(value: unknown): z.infer<typeof noteSchema> | undefined {
  return noteSchema.safeParse(value).data;
}
