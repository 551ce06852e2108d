/** Renders a report in a thread of its own: reading the translations and rendering take up to a second, in which the light must be controlled. */
import { Worker } from 'node:worker_threads';
import { msg } from '../../core/message.ts';
import { withTexts } from '../../core/message-wire.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Report, ReportTools } from '../../core/report.ts';

/**
 * Memory of the thread. Units: MB. Source: assumed; French with twelve years of nights uses a third of it. Confirmed by: reports of full stores on
 * the gateway.
 */
const MAX_MB = 192;

/** Renders a report. Resolves with its text. Errors: rejects with Refusal if it fails, or if `signal` is aborted. */
export const renderInThread: ReportTools['render'] = (report: Report, layout, signal) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./render-thread.ts', import.meta.url), {
      name: 'luciole-report',
      workerData: { report: withTexts(report), layout },
      resourceLimits: { maxOldGenerationSizeMb: MAX_MB },
    });
    const stop = (): void => void worker.terminate();
    const end = (): void => {
      signal.removeEventListener('abort', stop);
      reject(new Refusal(signal.aborted ? msg`stopped` : msg`the report could not be made: see the log of the agent`));
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    worker.once('message', resolve);
    worker.once('error', (error) => reject(new Refusal(msg`the report could not be made: ${error.message}`, { cause: error })));
    worker.once('exit', end);
  });
