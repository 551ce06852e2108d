import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { visitCabinet } from '../support/console-visit.ts';

const DEMO = join(import.meta.dirname, '../../config/demo.yaml');

t.test('a visit while no agent answers: the last state from its files, the configuration checked, a restart requested', async (t) => {
  const visit = await visitCabinet(t, {
    startAt: '2026-12-15T23:30:00+01:00',
    withAgent: false,
    cabinetText: (dir) => readFileSync(DEMO, 'utf8').replace('dir: demo-data', `dir: ${dir}`),
  });
  const { rig } = visit;
  await rig.clock.advance(60_000);
  t.match(await visit.say('status'), /% no agent answers on/);
  t.match(await visit.say('agent state'), /Reading +the last one 2026-12-15 23:3\d[\s\S]*agent-?/i);
  t.match(await visit.say('agent restart'), /% the service manager does not start the agent: this machine has no such program/);
  t.match(await visit.say('profile list | count'), /\n\d+\n/);
  await visit.say('logout');
  visit.compare(t, 'no-agent');
});
