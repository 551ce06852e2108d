/**
 * The thread on which a configuration from outside is checked.
 *
 * Owns nothing. Started by `app-revision-check.ts`; answers once.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { checkRevisionHere, type RevisionFolder } from './app-revision-check.ts';

parentPort?.postMessage(checkRevisionHere(workerData as RevisionFolder));
