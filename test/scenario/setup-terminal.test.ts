import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { onTerminal } from '../support/asked-terminal.ts';
import { unknownStreet } from '../support/unknown-street.ts';

t.test('on a terminal it may be interrupted and continues with the given answers', { timeout: 60_000 }, async (t) => {
  const { clock, folder, ports, file } = unknownStreet(t);
  const words = ['setup', file, ...ports.slice(0, 2), '--units', '1-22', '--serial', '19200-8N2', '--data-dir', join(folder, 'data')];
  const first = onTerminal(words, folder, clock);
  t.teardown(first.kill);
  await first.answer(/Id of this cabinet.*: $/, 'angers 42\r');
  await first.answer(/allowed: 1 to 32 letters[\s\S]*Id of this cabinet.*: $/, 'angers-0042\r');
  await first.answer(/Name for people.*\[angers-0042\]: $/, 'Rue des Lices\r');
  await first.answer(/Latitude, longitude.*: $/, '\x03');
  t.equal(await first.ended, 1, first.screen());
  t.notOk(existsSync(file), 'broken off, it leaves no cabinet');

  const second = onTerminal(words, folder, clock);
  t.teardown(second.kill);
  await second.answer(/\[angers-0042\]: $/, '\r');
  await second.answer(/\[Rue des Lices\]: $/, '\r');
  // Pasted ahead of its question; with decimal commas.
  await second.answer(/Latitude, longitude.*: $/, '47,4736; -0,5541\rEurope/Paris\r');
  await second.answer(/Its profile.*\[wirenboard-wb-led-4ch\]: $/, 'wirenboard-wb-led\r');
  await second.answer(/The same for all other units that look like it.*: $/, '\r');
  for (const question of [
    /Metres.*\[30\]: $/,
    /Rated power.*\[60\]: $/,
    /zone.*\[street\]: $/,
    /Kind.*\[street\]: $/,
    /06:00.*\[50\]: $/,
  ]) {
    await second.answer(question, '\r');
  }
  await second.answer(/Broker.*\[none\]: $/, '\r');
  await second.answer(/First user.*\[none\]: $/, 'ada\r');
  await second.answer(/Write .*\[yes\]: $/, '\r');
  t.equal(await second.ended, 0, second.screen());
  t.match(second.screen(), /Console user ada, one-time password: [2-9A-Z]{4}(-[2-9A-Z]{4}){3}\r\n/);
  t.equal(statSync(join(folder, 'data/users.json')).mode & 0o777, 0o600);
  const { cabinet } = loadSite(file);
  t.match(cabinet, { id: 'angers-0042', name: 'Rue des Lices', latitudeDeg: 47.4736, longitudeDeg: -0.5541 });
  t.match(
    cabinet.lamps.map(({ id, pole }) => `${id} ${pole}`),
    ['L01 P01', 'L02 P02', 'L03 P03', 'L04 P04', 'L05 P05', 'L06 P06'],
  );
  t.notOk(existsSync(`${file}.answers`), 'the kept answers have gone');
});

t.test('units that no profile recognises are queried once for each port, by ranges', { timeout: 60_000 }, async (t) => {
  const more = ['M02, unit: 32', 'M03, unit: 33'].map((id) => `      - { id: ${id}, profile: eastron-sdm630 }`).join('\n');
  const meter = '      - { id: M01, unit: 31, profile: eastron-sdm630 }';
  const relay = '      - { id: IO2, unit: 36, profile: waveshare-modbus-relay-d8 }';
  const { clock, folder, ports, file } = unknownStreet(t, (text) => text.replace(meter, `${meter}\n${more}\n${relay}`));
  const said = { id: 'box', name: 'box', position: '47.4736,-0.5541', timezone: 'Europe/Paris', spacing: '30', power: '60' };
  const usual = { zone: 'street', kind: 'street', dim: '50', broker: 'none', admin: 'none', units: '20-36', serial: '19200-8N2' };
  const options = Object.entries({ ...said, ...usual }).flatMap(([name, value]) => [`--${name}`, value]);
  const setup = onTerminal(['setup', file, ...ports.slice(0, 2), ...options, '--data-dir', join(folder, 'data')], folder, clock);
  t.teardown(setup.kill);
  await setup.answer(/Units 31-33, 36 on \S+\s+answer, and no profile\s+recognises them\.[\s\S]*Their profiles.*\[none\]: $/, 'meter\r');
  await setup.answer(/found "meter"; allowed: UNIT=PROFILE[\s\S]*Their profiles.*: $/, '31-33=eastron-sdm63\r');
  await setup.answer(/did you mean eastron-sdm630\?[\s\S]*Their profiles.*: $/, '34-35=eastron-sdm630\r');
  await setup.answer(
    /no such unit among 31-33, 36: 34-35=[\s\S]*Their profiles.*: $/,
    '31-35=eastron-sdm630, 36=waveshare-modbus-relay-d8\r',
  );
  await setup.answer(/Write .*\[yes\]: $/, '\r');
  t.equal(await setup.ended, 0, setup.screen());
  // A question is as long as the answer that is typed behind it.
  const printed = setup
    .screen()
    .slice(setup.screen().indexOf('Units 31'))
    .replaceAll(/^Their profiles.*$/gm, '');
  t.notMatch(printed, /[^\r\n]{81}/, 'it fits 80 columns');
  const devices = loadSite(file).cabinet.lines[0]?.devices.map(({ unit, profile }) => `${unit} ${profile}`);
  t.strictSame(devices, [
    '21 wirenboard-wb-msw',
    '22 wirenboard-wb-msw',
    '31 eastron-sdm630',
    '32 eastron-sdm630',
    '33 eastron-sdm630',
    '36 waveshare-modbus-relay-d8',
  ]);
});
