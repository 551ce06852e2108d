import { surviveLongOutage } from '../support/long-outage.ts';

surviveLongOutage(true);
