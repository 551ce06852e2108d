import { compareYear, SITES } from './year-oracle.ts';

for (const site of SITES.slice(8, 10)) compareYear(site);
