import { endHangingStarts } from '../support/hanging-starts.ts';

await endHangingStarts([
  ['boot', 'before the program runs'],
  ['load', 'while the agent is loaded'],
]);
