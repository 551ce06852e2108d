import { compareYear, SITES } from './year-oracle.ts';

for (const site of SITES.slice(4, 6)) compareYear(site);
