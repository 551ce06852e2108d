/**
 * The process in which a configuration from outside is checked.
 *
 * Owns nothing. Started by `app-revision-check.ts`; answers once.
 */
import type { RevisionFolder } from './app-revision-check.ts';
import { checkRevisionHere } from './app-revision-here.ts';

process.send?.(checkRevisionHere(JSON.parse(process.argv[2] ?? '') as RevisionFolder));
