import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { cityObstacle } from '../bench/city/obstacle.ts';

const CITY = join(import.meta.dirname, '../bench/city/run.ts');
const skip = cityObstacle() ?? false;

async function runCity(words: readonly string[]) {
  const city = spawn(process.execPath, [CITY, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  city.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  city.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const [code] = await once(city, 'close');
  return {
    code,
    err: said.err,
    results: said.out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

t.test('thirty cabinets start, light all lamps on command, and the database has every reading once', { skip }, async (t) => {
  const { code, err, results } = await runCity(['--cabinets', '30', '--lamps', '10', '--phases', 'start,command', '--jitter', '1']);
  t.equal(code, 0, err);
  const value = (metric: string): unknown => results.find((result) => result.metric === metric)?.value;
  t.equal(value('command: cabinets that verified'), 30);
  t.equal(value('compare: cabinets that differ from the database'), 0);
  t.ok(Number(value('compare: readings in the stores')) >= 30 * 10 * 9);
  t.ok(Number(value('command: memory of database')) > 1);
  t.ok(results.every(({ bench, ok = true }) => bench === 'city' && ok));
});

t.test('a bad command line ends with the reason and code 64', async (t) => {
  t.match(await runCity(['--cabinets', 'many']), { code: 64, err: 'city: bad --cabinets\nSee npm run city -- --help\n', results: [] });
});
