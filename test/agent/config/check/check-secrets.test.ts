import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkConfig } from '../../../../agent/config/load/load-site.ts';
import { isPlain, usableBrokers } from '../../../../agent/core/secrets.ts';
import { changed, SMALL_STREET } from '../small-street.ts';

/** Output of `luciole check` for a site whose password file is at this path; the site is in `etc`, its data in `data`. */
async function check(folder: string, passwordFile: string, broker = 'mqtts://a.example', others: readonly string[] = []) {
  const configFile = join(folder, 'etc/cabinet.yaml');
  const uplink = `broker: ${broker}\n  otherBrokers: [${others.join(', ')}]\n  username: c1\n  passwordFile: ${passwordFile}`;
  const text = changed(SMALL_STREET, [['broker: mqtt://127.0.0.1:1883', uplink]]);
  writeFileSync(configFile, `${text}store: { dir: ${join(folder, 'data')} }\n`);
  const { problems, warnings } = await checkConfig({ configFile });
  const textsOf = (all: typeof problems) =>
    all.filter(({ path }) => path.startsWith('uplink')).map(({ path, message }) => `${path}: ${message}`);
  return { problems: textsOf(problems), warnings: textsOf(warnings) };
}

function folders(t: { testdir(): string }): string {
  const folder = t.testdir();
  for (const dir of ['etc/keys', 'data', 'other']) mkdirSync(join(folder, dir), { recursive: true });
  return folder;
}

t.test(
  'a secret of the site lies in its folder or is a credential; elsewhere it is a warning, in the data of the agent an error',
  async (t) => {
    const folder = folders(t);
    const fine = { problems: [], warnings: [] };
    const warned = { problems: [], warnings: [/^uplink\.passwordFile: .* lies outside of .*etc and is no credential/] };
    const wrong = {
      problems: [/^uplink\.passwordFile: .* lies in the agent's own data \(.*data\), where no secret is read/],
      warnings: [],
    };
    writeFileSync(join(folder, 'data/users.json'), '{}');
    symlinkSync(join(folder, 'data/users.json'), join(folder, 'etc/link'));
    symlinkSync(join(folder, 'data'), join(folder, 'etc/dir'));
    symlinkSync(join(folder, 'etc'), join(folder, 'etc-link'));
    for (const [path, said] of [
      ['uplink.password', fine],
      [join(folder, 'etc/password'), fine],
      [join(folder, 'etc/keys/not-there-yet'), fine],
      [join(folder, 'etc-link/not-there-yet'), fine],
      [join(folder, 'other/password'), warned],
      [join(folder, 'etc/../other/password'), warned],
      ['/etc/ssl/private/cabinet.password', warned],
      [join(folder, 'data/users.json'), wrong],
      [join(folder, 'etc/link'), wrong],
      [join(folder, 'etc/dir/not-there-yet'), wrong],
    ] as const)
      t.match(await check(folder, path), said, path);
  },
);

t.test('with mqtts first no broker without TLS is ever tried, and the check names it', async (t) => {
  const folder = folders(t);
  const others = ['mqtts://b.example', 'mqtt://c.example', 'MQTT://d.example:1883'];
  t.match(await check(folder, 'uplink.password', 'mqtts://a.example', others), {
    problems: [],
    warnings: [/^uplink\.otherBrokers\[1\]: mqtt:\/\/c\.example is never used/, /^uplink\.otherBrokers\[2\]: MQTT:\/\/d/],
  });
  const usable = (broker: string) => usableBrokers({ broker, otherBrokers: others });
  t.strictSame(usable('mqtts://a.example'), ['mqtts://a.example', 'mqtts://b.example']);
  t.strictSame(usable('MQTTS://a.example'), ['MQTTS://a.example', 'mqtts://b.example']);
  t.strictSame(usable('mqtt://a.example'), ['mqtt://a.example', ...others], 'a site without TLS keeps what it has');
  for (const odd of ['ws://a', 'a.example', '', 'mqtts:', ' mqtts ://a']) t.ok(isPlain(odd) === (odd !== 'mqtts:'), `"${odd}"`);
});
