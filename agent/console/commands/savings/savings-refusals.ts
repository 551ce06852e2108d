/** What a person does about a refused request about savings. */
import { msg } from '../../../core/message.ts';
import type { SavingsAnswer, SavingsRefusal } from '../../../core/savings-view.ts';
import { ConsoleError } from '../../console-error.ts';

const REFUSALS: Readonly<Record<SavingsRefusal, ReturnType<typeof msg>>> = {
  disk: msg`the disk did not answer; \`luciole store\` shows what is wrong`,
  'no-time': msg`the time is not trusted yet: set the clock first, see docs/clock.md`,
  'no-meter': msg`give one meter; only nameplates may be compared with several`,
  'too-few-nights': msg`fewer than 3 of these nights were measured without a gap; the last 30 nights are kept for learning`,
  'no-baseline': msg`no baseline is frozen: \`luciole savings freeze METER\``,
  'no-nights': msg`no night of this time was counted; a night ends at noon`,
  'no-entry': msg`the ledger has no such entry: \`luciole savings ledger\``,
  'ledger-full': msg`the ledger is full`,
  'ledger-broken': msg`the ledger was changed on the disk: export it, and compare it with the audit log`,
};

/** Returns a ConsoleError 'failed' that states the cause of a refusal, and mostly what to do. */
export function savingsError(why: SavingsRefusal): ConsoleError {
  return new ConsoleError('failed', REFUSALS[why]);
}

/** Returns the value of an answer. Errors: throws the error of `savingsError` for a refusal. */
export function answerOf<T>(answer: SavingsAnswer<T>): T {
  if (answer.ok) return answer.value;
  throw savingsError(answer.why);
}
