import { reachSafeMode } from '../support/hanging-starts.ts';

await reachSafeMode([
  ['load', 'before its configuration is known'],
  ['silent console', 'while its loop turns, so that it ends as if a person had stopped it'],
]);
