/** Words that several `commission` commands use. */

import type { AcceptanceReport } from '../../../core/acceptance.ts';
import { type Message, msg } from '../../../core/message.ts';

/** Text of an answer whose change of the stored results is not on disk. */
export const NOT_SAVED: Message = msg`not on disk yet: check the disk of store.dir`;

/** Words for the result of an acceptance, and for that of one lamp or sensor in it. */
export const RESULT_WORDS: Readonly<Record<AcceptanceReport['result'], Message>> = { pass: msg`pass`, fail: msg`FAIL`, open: msg`open` };
