import { reachSafeMode } from '../support/hanging-starts.ts';

reachSafeMode(['check', 'before its configuration is known']);
