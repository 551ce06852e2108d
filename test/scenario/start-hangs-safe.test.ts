import { reachSafeMode } from '../support/hanging-starts.ts';

await reachSafeMode([['silent console', 'while its loop turns, so that it ends as if a person had stopped it']]);
