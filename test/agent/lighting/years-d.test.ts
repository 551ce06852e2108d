import { compareYear, SITES } from './year-oracle.ts';

for (const site of SITES.slice(6, 8)) compareYear(site);
