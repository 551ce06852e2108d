/** What a rollout inserts in one statement. */
import t from 'tap';
import { type RolloutReport, rollOut } from '../../platform/commands/rollout.ts';
import type { RunQuery } from '../../platform/database/postgres.ts';

t.test('the files of a wave are inserted in portions, and each cabinet gets all of them before its apply', async (t) => {
  const bytes = Buffer.alloc(512 * 1_024, 'x');
  const wave = Array.from({ length: 40 }, (_, i) => ({ group: 'g', node: `c${i}`, files: [{ name: 'cabinet.yaml', bytes }] }));
  const commands: string[] = [];
  const sizes: number[] = [];
  const query = (async (_text: string, values: readonly unknown[] = []) => {
    const [first, nodes, metrics] = values as readonly (readonly string[])[];
    if (nodes === undefined || metrics === undefined) return (first ?? []).map((id) => ({ id, state: 'verified', reason: '', seconds: 1 }));
    sizes.push(metrics.reduce((sum, text) => sum + text.length, 0));
    return metrics.map((text, i) => {
      const { 'Config/Action': action, 'Config/Part': part = '' } = JSON.parse(text);
      return { id: String(commands.push(`${nodes[i]} ${action} ${part}`)), i: String(i) };
    });
  }) as RunQuery;
  const reports: RolloutReport[] = [];
  const rules = { shares: [], mostTrouble: 0, silentAfterMs: 60_000 };
  const plan = { waves: [wave, wave.slice(0, 1)], rules, minutes: 10, comment: '' };
  const result = await rollOut(query, plan, (step) => reports.push(step), new AbortController().signal);
  t.match(result, { isComplete: true, confirmed: 41, silent: 0 });
  t.ok(Math.max(...sizes) < 8 * 1_024 * 1_024, `${Math.max(...sizes)} characters`);
  t.ok(sizes.length >= 6 && sizes.length <= 12, `${sizes.length} statements`);
  const parts = commands.filter((text) => text.startsWith('c39 '));
  t.strictSame(parts, [...Array.from({ length: 17 }, (_, i) => `c39 put ${i + 1}/17`), 'c39 apply ']);
});
