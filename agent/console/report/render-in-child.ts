/**
 * Renders a report in a child process: reading the translations and rendering take up to a second, in which the light must be controlled,
 * and their memory is free afterwards.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { msg } from '../../core/message.ts';
import { withTexts } from '../../core/message-wire.ts';
import { Refusal } from '../../core/refusal.ts';
import type { ReportTools } from '../../core/report.ts';

/** Memory of the process. Units: MB. Source: measured; a French report of 15.7 MB was rendered with it in each form, and 16 MB are the most that is accepted. */
const MEMORY_MB = 96;

/** Errors: throws Refusal, for example without memory for a process. */
function startChild(): ChildProcess {
  try {
    return fork(fileURLToPath(new URL('./render-child.ts', import.meta.url)), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, `--max-old-space-size=${MEMORY_MB}`],
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Refusal(msg`the report could not be made: ${error.message}`, { cause: error });
  }
}

const renderNow: ReportTools['render'] = async (report, layout, signal) => {
  if (signal.aborted) throw new Refusal(msg`stopped`);
  const child = startChild();
  const text = Promise.withResolvers<string>();
  child.once('message', (message) => text.resolve(String(message)));
  child.once('error', (error) => text.reject(new Refusal(msg`the report could not be made: ${error.message}`, { cause: error })));
  child.once('exit', () => text.reject(new Refusal(msg`the report could not be made: see the log of the agent`)));
  const stop = (): void => text.reject(new Refusal(msg`stopped`));
  signal.addEventListener('abort', stop, { once: true });
  try {
    // A process that could not start has no channel, nor has one that ended: the events report it.
    if (child.pid !== undefined) child.send({ report: withTexts(report), layout }, () => {});
    return await text.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    child.kill('SIGKILL');
  }
};

/** The report before in line. Several at once would not fit the memory of a gateway. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Renders a report in a child process, one at a time: further calls wait for their turn. Resolves with its text. Errors: rejects with
 * Refusal if it fails, or if `signal` is aborted; a call that waits rejects only at its turn.
 */
export const renderInChild: ReportTools['render'] = (report, layout, signal) => {
  const turn = before.then(() => renderNow(report, layout, signal));
  before = turn.catch(() => {});
  return turn;
};
