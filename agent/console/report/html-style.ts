/** The style of a report in HTML: screen, phone and A4 paper; black ink on white, and no meaning by colour alone. Pure. */
import { cssString } from './markup.ts';

/** Texts for the margins of printed pages, still to be escaped. `cabinet`: its name. `period`: the nights of the report. */
export interface PageMargins {
  readonly cabinet: string;
  readonly period: string;
  /** The word before the number of a page, such as `Page`. */
  readonly pageWord: string;
}

const SCREEN = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:#eef1f4;color:#1c2530;font:16px/1.5 system-ui,"DejaVu Sans",Arial,sans-serif}
.sheet{max-width:54rem;margin:1.5rem auto;padding:2.5rem 3rem 2rem;background:#fff;border-top:6px solid #143f66}
h1,h2,h3{line-height:1.25;margin:0}
h1{font-size:1.85rem;margin:.2rem 0 .7rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:2.6rem 0 .6rem;padding-bottom:.3rem;border-bottom:2px solid #143f66;overflow-wrap:anywhere}
p,li{max-width:46rem;overflow-wrap:anywhere}
p{margin:.5rem 0}
.over{color:#4a5765;font-size:.9rem;margin:0;letter-spacing:.02em}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0;font-size:.9rem}
.facts dt{color:#4a5765}
.facts dd{margin:0;overflow-wrap:anywhere}
.caution{border:2px solid #a3201a;padding:.5rem .8rem;margin:1rem 0;max-width:none}
.figures{display:grid;grid-template-columns:repeat(3,1fr);gap:.8rem;margin:1.6rem 0 1.2rem;padding:0}
.figures>div{border:1px solid #b8c3cd;border-left:5px solid #143f66;padding:.6rem .8rem .7rem;min-width:0}
.figures dt{font-size:.85rem;color:#4a5765;line-height:1.3;overflow-wrap:anywhere}
.figures dd{margin:.15rem 0 0;overflow-wrap:anywhere}
.figures .value{font-size:1.55rem;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.figures .value small{font-size:.95rem;font-weight:400}
.figures .half{font-size:.9rem;font-variant-numeric:tabular-nums}
.figures .note{font-size:.82rem;color:#4a5765;line-height:1.35}
.many{grid-template-columns:repeat(4,1fr);gap:.6rem}
.many>div{padding:.4rem .6rem .5rem}
.many .value{font-size:1.3rem}
.summary{margin:.6rem 0 0;padding-left:1.2rem}
.summary li{margin:.25rem 0}
nav ol{margin:.4rem 0 0;padding-left:1.4rem;columns:2;column-gap:2.5rem}
nav h2{font-size:1rem;border:0;padding:0;margin:1.8rem 0 0}
a{color:#143f66}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid #143f66;outline-offset:2px}
.scroll{position:relative;overflow-x:auto;margin:1rem 0 1.2rem}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.35}
caption{text-align:left;font-weight:650;padding:0 0 .4rem;font-size:.95rem;overflow-wrap:anywhere}
th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid #d5dce2}
td{min-width:4rem}
tbody th{font-weight:400;min-width:5rem}
.words{min-width:12rem}
.long{overflow-wrap:anywhere;min-width:9rem}
thead th{vertical-align:bottom;border-bottom:2px solid #1c2530;font-weight:650;min-width:3.2rem}
thead th .unit{display:block;font-weight:400;color:#4a5765}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;min-width:0}
thead .n{white-space:normal}
.total>*{border-top:2px solid #1c2530;border-bottom:0;font-weight:650}
.dense{font-size:.78rem}
.dense th,.dense td{padding:.22rem .3rem}
figure{margin:1.2rem 0 1.4rem}
figcaption{font-weight:650;font-size:.95rem;margin-bottom:.5rem;overflow-wrap:anywhere}
figure svg{display:block;width:100%;height:auto}
.narrow{display:none}
details{margin-top:.5rem;font-size:.9rem}
summary{cursor:pointer;color:#143f66;width:max-content;max-width:100%}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{margin-top:2.6rem;padding-top:.7rem;border-top:1px solid #b8c3cd;font-size:.82rem;color:#4a5765}
footer p{margin:.2rem 0}
`;

/** Source: assumed; phones have 360 to 430 px, small tablets 600. Confirmed by: screenshots at 390 px. */
const PHONE = `
@media screen and (max-width:600px){
body{background:#fff}
.sheet{margin:0;padding:1rem 1rem 1.5rem}
h1{font-size:1.4rem}
h2{font-size:1.15rem}
.figures{grid-template-columns:1fr 1fr;gap:.5rem}
.figures .value{font-size:1.2rem}
.figures>div{padding:.45rem .6rem}
nav ol{columns:1}
.wide{display:none}
.narrow{display:block}
}
@media screen and (max-width:340px){.figures{grid-template-columns:1fr}}
`;

const PAPER = `
@media print{
html,body{background:#fff;color:#000}
body{font-size:9.6pt;line-height:1.4}
.sheet{max-width:none;margin:0;padding:0;border:0}
h1{font-size:19pt}
h2{font-size:13pt;margin-top:7mm;break-after:avoid}
h2+p,caption,figcaption{break-after:avoid}
.figures{gap:2.5mm;margin:5mm 0 4mm}
.figures>div{break-inside:avoid;padding:2mm 3mm}
.figures .value{font-size:14pt}
.many .value{font-size:12pt}
.many{gap:1.6mm;margin:3mm 0}
.many>div{padding:1mm 2mm}
.many dt,.many .note,.many .half{font-size:7.4pt;line-height:1.25}
nav,details{display:none}
.first{break-after:page}
.scroll{overflow:visible}
table{font-size:8.4pt}
.dense{font-size:6.8pt}
thead{display:table-header-group}
tfoot{display:table-row-group}
tr,figure,li{break-inside:avoid}
figure{margin:4mm 0}
.wide{display:block}
.narrow{display:none}
a{color:inherit;text-decoration:none}
footer{margin-top:8mm}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;

/** Returns the whole style sheet; the texts are in the margins of each printed page. Source: CSS Paged Media Module Level 3. */
export function reportStyle({ cabinet, period, pageWord }: PageMargins): string {
  const text = 'font:8pt system-ui,"DejaVu Sans",Arial,sans-serif;color:#4a5765';
  const page = `
@page{size:A4;margin:19mm 16mm 18mm;
@top-left{content:${cssString(cabinet)};${text}}
@top-right{content:${cssString(period)};${text}}
@bottom-right{content:${cssString(pageWord)} " " counter(page) " / " counter(pages);${text}}}
`;
  return `${SCREEN}${PHONE}${page}${PAPER}`.replace(/\n+/g, '\n').trim();
}
