/**
 * The process in which a configuration from outside is checked, or one value of it changed.
 *
 * Owns nothing. Started by `app-revision-check.ts`; answers once.
 */
import { setPriority } from 'node:os';
import { editHere } from './app-edit.ts';
import type { CheckerOrder } from './app-revision-check.ts';
import { checkRevisionHere } from './app-revision-here.ts';

/** Source: nice(1), half of the way to the least. */
const NICE = 10;

// Lines and light of the agent beside it go first.
setPriority(NICE);

const order = JSON.parse(process.argv[2] ?? '') as CheckerOrder;
process.send?.(order.kind === 'check' ? checkRevisionHere(order.folder) : editHere(order.edit));
