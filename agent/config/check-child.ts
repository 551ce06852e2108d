/**
 * The process in which a configuration from outside is checked, or one value of it changed.
 *
 * Owns nothing. Started by `check-in-child.ts`; answers once.
 */
import { setPriority } from 'node:os';
import type { CheckerOrder } from './check-in-child.ts';
import { checkRevisionHere } from './check-revision.ts';
import { editHere } from './edit-file.ts';

/** Source: nice(1), half of the way to the least. */
const NICE = 10;

// Lines and light of the agent beside it go first.
setPriority(NICE);

const order = JSON.parse(process.argv[2] ?? '') as CheckerOrder;
process.send?.(order.kind === 'check' ? checkRevisionHere(order.folder) : editHere(order.edit));
