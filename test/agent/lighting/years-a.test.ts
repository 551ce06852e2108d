import { compareYear, SITES } from './year-oracle.ts';

for (const site of SITES.slice(0, 2)) compareYear(site);
