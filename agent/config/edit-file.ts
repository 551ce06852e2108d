/**
 * One value of a configuration changed, where that is carried out.
 *
 * Owns nothing; the config room does the work. Part of `app.ts`; runs in the process that `check-in-child.ts` starts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EditedText, EditOrder } from '../core/revisions.ts';
import { editYaml } from './edit.ts';

/** On this thread. Errors: throws the error of the system where the file cannot be read. */
export function editHere({ dir, path, value }: EditOrder): EditedText {
  return editYaml(readFileSync(join(dir, 'cabinet.yaml'), 'utf8'), path, value);
}
