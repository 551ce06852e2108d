/** An answer of the disk, or why there is none. */
import type { AgentView } from '../../../core/views.ts';
import { ConsoleError } from '../../console-error.ts';

/** What the disk answered. Errors: rejects with ConsoleError 'failed' and why it could not be asked. */
export async function askStore<T>(view: AgentView, answer: Promise<T | undefined>): Promise<T> {
  const found = await answer;
  if (found !== undefined) return found;
  const { reason } = await view.store();
  const why = reason === '' ? 'the storage thread is busy; try again, or ask for less' : `${reason}; see \`luciole store\``;
  throw new ConsoleError('failed', `the store did not answer: ${why}`);
}
