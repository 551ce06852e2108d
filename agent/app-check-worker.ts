/**
 * The thread on which a configuration from outside is checked.
 *
 * Owns nothing. Started by `app-revision-check.ts`; answers once.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { RevisionFolder } from './app-revision-check.ts';
import { checkRevisionHere } from './app-revision-here.ts';

parentPort?.postMessage(checkRevisionHere(workerData as RevisionFolder));
