import { endHangingStarts } from '../support/hanging-starts.ts';

await endHangingStarts([
  ['console', 'with its loop blocked'],
  ['silent console', 'while its loop turns'],
]);
