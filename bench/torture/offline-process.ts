/** The process of the month without the platform: see `offline.ts`. */
import { answerOffline } from './offline.ts';

answerOffline();
