/**
 * `npm run -s pictures`: draws the pictures of the documentation.
 *
 * Owns the files. The screen of the demo differs between runs, so it is recorded again only where its labels are not those of the code;
 * remove docs/demo.svg or docs/square.svg to record another. `--check` writes nothing and fails where a picture is not as it would be drawn now.
 * `--screens` also takes the pictures of reports in a browser, for which Chromium must be installed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { readDemoOptions } from '../../test/street/demo-options.ts';
import layers from '../layers.json' with { type: 'json' };
import { dataFlowPicture } from './data-flow.ts';
import { demoLabelsNow, demoLabelsOf } from './demo-labels.ts';
import { DEMO_COLS, recordDemo, SCENES } from './demo-recording.ts';
import { layersPicture } from './layers.ts';
import { REPORT_PICTURES } from './report-plots.ts';
import { rowsOfTerminalPicture, terminalPicture } from './terminal.ts';

const ROOT = join(import.meta.dirname, '../..');
const isCheck = process.argv.includes('--check');

/** Writes a picture, or reports that it is not current. `draw` is called only where it is written. */
async function keep(file: string, isCurrent: (svg: string) => boolean, draw: () => string | Promise<string>): Promise<void> {
  const path = join(ROOT, file);
  if (existsSync(path) && isCurrent(readFileSync(path, 'utf8'))) return;
  if (!isCheck) return writeFileSync(path, await draw());
  process.stderr.write(`${file} is not as it would be drawn now: npm run -s pictures\n`);
  process.exitCode = 1;
}

const { options } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as { readonly options: object };
const { output } = await cruise(['agent', 'drivers'], { ...options, baseDir: ROOT });
const layersSvg = layersPicture(output as ICruiseResult, layers);
await keep(
  'docs/layers.svg',
  (svg) => svg === layersSvg,
  () => layersSvg,
);

const dataFlowSvg = dataFlowPicture();
await keep(
  'docs/data-flow.svg',
  (svg) => svg === dataFlowSvg,
  () => dataFlowSvg,
);

for (const { file, draw } of REPORT_PICTURES) {
  const svg = draw();
  await keep(
    file,
    (kept) => kept === svg,
    () => svg,
  );
}
if (process.argv.includes('--screens')) await (await import('./report-screens.ts')).takeReportScreens(join(ROOT, 'docs'));

const DEMOS = [
  {
    file: 'docs/demo.svg',
    scene: SCENES.street,
    title: 'The demo in a terminal: each lamp with its level, the street with its movers, and the figures of the agent',
  },
  {
    file: 'docs/square.svg',
    scene: SCENES.square,
    title: 'The square of the demo in a terminal: each lamp with its level, the panel, the sound, the air, and the meter of the invoice',
  },
] as const;
for (const { file, scene, title } of DEMOS) {
  const demo = readDemoOptions([...scene.words]);
  if (demo === null) throw new TypeError('the demo without options shows no help');
  const labels = demoLabelsNow(loadSite(join(ROOT, demo.configFile)).cabinet, demo.startAtMs);
  await keep(
    file,
    (svg) => demoLabelsOf(rowsOfTerminalPicture(svg)).join('\n') === labels.join('\n'),
    async () => {
      const command = ['npm run demo', ...(scene.words.length === 0 ? [] : ['--', ...scene.words])].join(' ');
      return terminalPicture(await recordDemo(scene, labels), { title, command, cols: DEMO_COLS });
    },
  );
}
