import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkConfig } from '../../../../agent/config/load/load-site.ts';
import { checkProfileFile } from '../../../../agent/console/commands/lines/profile-trial.ts';
import { outputNumber } from '../../../../agent/core/output-values.ts';
import { SMALL_STREET } from '../small-street.ts';

const SAMPLES = join(import.meta.dirname, '../../../../config/sample-profiles');

t.test('every sample profile is valid and is marked as a sample', async (t) => {
  const names = readdirSync(SAMPLES);
  t.strictSame(names, ['message-panel.yaml', 'sound-player.yaml']);
  for (const name of names) {
    const { problems, profile } = checkProfileFile(join(SAMPLES, name));
    t.strictSame(problems, [], name);
    t.match(profile, { trust: 'C', experimental: /^a sample to copy/ }, name);
  }
});

t.test('a panel and a sound player made from the samples follow a rule by the names of their texts and tracks', async (t) => {
  const dir = t.testdir({ profiles: {} });
  cpSync(SAMPLES, join(dir, 'profiles'), { recursive: true });
  const file = join(dir, 'cabinet.yaml');
  const devices = `      - { id: PANEL, unit: 41, profile: sample-message-panel }
      - { id: SOUND, unit: 42, profile: sample-sound-player }
  - id: air`;
  const outputs = (text: string): string => `profileDirs: [profiles]
rules: [{ id: smog, point: AIR1.pm2_5, above: 50, clearsAt: 40 }, { id: someone, presenceIn: rue }]
outputs:
  - { id: panel, device: PANEL, point: message, idle: blank, rules: [{ rule: smog, value: ${text} }] }
  - { id: birds, device: SOUND, point: track, idle: silence, rules: [{ rule: someone, value: birds }], minOnS: 30 }
`;
  const check = (text: string) => {
    writeFileSync(file, SMALL_STREET.replace('  - id: air', devices) + outputs(text));
    return checkConfig({ configFile: file, hasPorts: false });
  };
  t.strictSame((await check('take care')).problems, []);
  t.match((await check('take car')).problems, [{ path: 'outputs[0].rules[0].value', message: /did you mean "take care"/ }]);
  const point = checkProfileFile(join(SAMPLES, 'message-panel.yaml')).profile?.points[0];
  t.equal(point === undefined ? undefined : outputNumber('take care', point), 2);
});
