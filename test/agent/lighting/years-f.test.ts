import { compareYear, SITES } from './year-oracle.ts';

for (const site of SITES.slice(10, 12)) compareYear(site);
