import { compareYear, SITES } from './year-oracle.ts';

for (const site of SITES.slice(2, 4)) compareYear(site);
