/** The process that checks a configuration from outside, or changes one value of it. It answers once and ends. */
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { withTexts } from '../../core/message-wire.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import type { EditedText, EditOrder } from '../../core/revisions.ts';
import { editChecked } from '../edit/checked-edit.ts';
import type { CheckedRevision, CheckerOrder } from './check-in-child.ts';
import { checkRevisionHere } from './check-revision.ts';

/** Source: nice(1), half of the way to the lowest priority. */
const NICE = 10;

// The agent's lines and light have priority.
setPriority(NICE);

const order = JSON.parse(process.argv[2] ?? '') as CheckerOrder;
process.send?.(order.kind === 'check' ? sent(checkRevisionHere(order.folder)) : withTexts(editedText(order.edit)));

/** Converts messages into the form of `withTexts`; the rest, which has maps, stays as it is. */
function sent({ problems, warnings, belowFloor, ...rest }: CheckedRevision): object {
  return { ...rest, problems: withTexts(problems), warnings: withTexts(warnings), belowFloor: withTexts(belowFloor) };
}

/** Changes one value. Errors: throws the system's error if the file cannot be read. */
function editedText({ dir, path, value }: EditOrder): EditedText {
  return editChecked(readRegularFile(join(dir, 'cabinet.yaml')).toString('utf8'), path, value);
}
