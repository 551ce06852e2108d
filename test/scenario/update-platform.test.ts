import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Clock, sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { ReferenceHost } from '../platform/host.ts';
import { findProgram, startMosquitto } from '../platform/mosquitto.ts';
import { FaultProxy } from '../platform/proxy.ts';
import { managerMissing } from '../support/fake-service-manager.ts';
import { cloneTree, createMaker, updateBy } from '../support/update-files.ts';
import { createWatchedStreet, DIMMED_PCT, WATCHED_FROM, WATCHED_NODE } from '../support/watched-street.ts';

const program = findProgram('mosquitto');
const skip = managerMissing || (program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false);
/** As docs/updates.md allows. */
const PART_BYTES = 48 * 1_024;
const BULK_BYTES = 3 * 2 ** 20;
/** Between two commands once the first 120 are used up, as docs/updates.md says. */
const RATE_MS = 500;
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const whole = (name: string, value: number): Metric => ({ name, value: toLong(value) });

const bornOf = (host: ReferenceHost): number => host.messages.filter(({ verb }) => verb === 'NBIRTH').length;

/** A platform that writes each part once the one before has ended, keeps to the rate of commands, and goes on where the node says after a cut. */
function maintainer(host: ReferenceHost, clock: Clock, until: (what: string, holds: () => boolean, withinMs?: number) => Promise<void>) {
  let ids = 0;
  const endOf = (id: string) =>
    [...host.values.values()]
      .filter(({ device, metric, value }) => device === '' && metric === 'Command/Outcome' && value !== null)
      .map(({ value }) => JSON.parse(String(value)) as { id: string; state: string; reason: string })
      .find((each) => each.id === id && ['verified', 'refused', 'failed'].includes(each.state));
  async function ask(...metrics: readonly Metric[]): Promise<{ readonly state: string; readonly reason: string }> {
    ids += 1;
    const id = `update-${ids}`;
    const births = bornOf(host);
    await host.command('', [...metrics, text('Command/Id', id)]);
    // A command lost in a disconnect has no result. After a new birth message the command is sent again.
    await until(`${id} has ended`, () => endOf(id) !== undefined || bornOf(host) > births, 30_000);
    const end = endOf(id) ?? { state: 'cut', reason: '' };
    if (!end.reason.startsWith('too many commands')) return end;
    await sleep(clock, RATE_MS);
    return ask(...metrics);
  }
  /** Resolves with the end of the last part. */
  async function bring(update: Buffer, onPart = (_atByte: number): void => {}) {
    let end = { state: '', reason: '' };
    let [atByte, commands] = [0, 0];
    while (atByte < update.length) {
      onPart(atByte);
      commands += 1;
      const data = update.subarray(atByte, atByte + PART_BYTES);
      const part: Metric = { name: 'Update/Data', value: { kind: 'bytes', value: data } };
      end = await ask(text('Update/Action', 'put'), whole('Update/At', atByte), whole('Update/Of', update.length), part);
      const [, due] = /expected byte (\d+)/.exec(end.reason) ?? [];
      if (end.state === 'verified') atByte += data.length;
      else if (due !== undefined) atByte = Number(due);
      else if (end.state !== 'cut') break;
    }
    return { ...end, commands };
  }
  const install = (isForced: boolean) =>
    ask(text('Update/Action', 'install'), { name: 'Update/Force', value: { kind: 'boolean', value: isForced } });
  return { bring, install };
}

/** What the node shows now, by its births and by what it has said since. */
function shown(host: ReferenceHost, metric: string): unknown {
  const births = host.messages.filter(({ verb }) => verb === 'NBIRTH').map(({ payload }) => payload.metrics);
  const born = births.at(-1)?.find(({ name }) => name === metric)?.value;
  const since = [...host.values.values()].filter((each) => each.device === '' && each.metric === metric);
  return since.at(-1)?.value ?? born;
}

async function openUplink(t: Test) {
  const mosquitto = await startMosquitto(program as string);
  const proxy = new FaultProxy({ target: mosquitto.port });
  await proxy.start();
  const clock = createSystemClock({ quality: () => 'none' });
  const fromMono = clock.monoMs();
  const host = new ReferenceHost({
    url: mosquitto.url,
    protocolVersion: 5,
    group: 'Demo',
    node: WATCHED_NODE,
    nowMs: () => Math.round(Date.parse(WATCHED_FROM) + clock.monoMs() - fromMono),
  });
  t.teardown(async () => {
    await host.stop();
    await proxy.stop();
    await mosquitto.stop();
  });
  await host.start();
  return { proxy, host, clock };
}

t.test(
  'a release arrives from the platform in parts, over a cut cable; wrong parts are refused with a reason, a valid release takes over with the street lit',
  { timeout: 85_000, skip },
  async (t) => {
    const { proxy, host, clock } = await openUplink(t);
    const { folder, street, manager, until, levels, newest } = await createWatchedStreet(t, { isPackaged: true, broker: proxy.url });
    const maker = createMaker(join(folder, 'keys'));
    mkdirSync(join(folder, 'data/releases'));
    writeFileSync(join(folder, 'data/releases/serial'), '15\n');
    let darkestPct = 100;
    street.onLevel = ({ levelPct }) => {
      darkestPct = Math.min(darkestPct, levelPct);
    };
    await until('born', () => shown(host, 'Update/Release') === 'package');
    t.equal(shown(host, 'Update/State'), 'confirmed');
    const { bring, install } = maintainer(host, clock, until);
    const entries = [
      ...cloneTree().map((entry) => ({ ...entry, path: `luciole/${entry.path}` })),
      { kind: 'file' as const, path: 'luciole/share/bulk', mode: 0o644, bytes: randomBytes(BULK_BYTES) },
    ];
    const update = updateBy(maker, { entries, unpackedBytes: 2 * BULK_BYTES, serial: 20, version: '0.2.0' });

    const older = updateBy(maker, { entries, unpackedBytes: 2 * BULK_BYTES, serial: 15 });
    const refused = await bring(older);
    t.match(refused, { state: 'refused', reason: /serial 15\) is not newer than what ran here already \(serial 15\)/, commands: 1 });
    const stranger = updateBy(createMaker(null), { entries, unpackedBytes: 2 * BULK_BYTES });
    t.match(await bring(stranger), { state: 'refused', reason: /signed by key [0-9a-f]{16}, known here/, commands: 1 });

    const tampered = Buffer.from(update);
    tampered[update.length - 1_000] = (tampered[update.length - 1_000] ?? 0) ^ 1;
    t.match(await bring(tampered), { state: 'verified' });
    t.match(await install(true), { state: 'refused', reason: /its content is not what was signed/ });

    const births = bornOf(host);
    const middle = Math.floor(update.length / PART_BYTES / 2) * PART_BYTES;
    const cutAt = (atByte: number): void => {
      if (atByte === middle && bornOf(host) === births)
        proxy.set({ truncate: (packet, from) => from === 'server' && packet.cmd === 'publish' });
    };
    const brought = await bring(update, cutAt);
    t.match(brought, { state: 'verified' });
    t.equal(bornOf(host), births + 1, 'the cable was cut once');
    t.ok(brought.commands <= Math.ceil(update.length / PART_BYTES) + 2, `it went on where it stood: ${brought.commands} parts`);

    t.match(await install(false), { state: 'refused', reason: /6 lamps are lit/ });
    t.equal(manager.runs.length, 1, 'no restart yet');
    t.match(await install(true), { state: 'verified' });
    await until('the new release runs', () => manager.runs.length === 2 && newest().isReady, 30_000);
    await until('and is shown', () => shown(host, 'Update/Release') === '20-0.2.0' && shown(host, 'Update/State') === 'trial');
    t.equal(shown(host, 'Update/Failed'), '');
    t.ok(Math.min(...levels(), darkestPct) >= DIMMED_PCT, `the street was lit throughout: ${darkestPct} %`);
    t.equal(host.strays, 0);
  },
);
