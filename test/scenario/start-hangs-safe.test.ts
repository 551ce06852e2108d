import { reachSafeMode } from '../support/hanging-starts.ts';

reachSafeMode(['silent console', 'while its loop turns, so that it ends as if a person had stopped it']);
