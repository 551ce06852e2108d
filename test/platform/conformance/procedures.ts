/**
 * The procedures of the standard's own kit, played with the real uplink against Debian's Mosquitto, with a recording of each.
 *
 * Source: the tests of edge nodes in the Sparkplug TCK 3.0.
 */

import { REBIRTH_GAP_MS } from '../../../agent/sync/session/session-state.ts';
import { encodePayload, type Metric, toLong } from '../../../agent/sync/sparkplug/codec.ts';
import { GROUP, NODE, until } from '../../agent/sync/small-node.ts';
import { isPacket, type WireEvent } from '../wire-log.ts';
import type { Recording } from './evidence.ts';
import { HOST, openConformanceScene, type Scene, type SceneStep } from './scene.ts';

export interface Played {
  readonly name: string;
  readonly steps: readonly SceneStep[];
  readonly recordings: readonly Recording[];
}

export interface Procedure {
  readonly name: string;
  readonly servers: number;
  readonly play: (scene: Scene) => Promise<readonly Recording[]>;
}

/** Source: the standard's kit, `PrimaryHostTest`: a time of 1970. Units: ms. */
const ANCIENT_MS = 16_671_135;
const LAST_DEVICE = 'Z1';
const REBIRTH: Metric = { name: 'Node Control/Rebirth', value: { kind: 'boolean', value: true } };

/** Plays one procedure with its own brokers, which are stopped afterwards. `program`: the path of Mosquitto. Steps that fail do not reject. */
export async function play({ name, servers, play: run }: Procedure, program: string): Promise<Played> {
  const scene = await openConformanceScene(program, servers);
  try {
    const recordings = await run(scene);
    return { name, steps: scene.steps, recordings };
  } finally {
    await scene.close();
  }
}

const seesBirths = async (
  scene: Scene,
  when: string,
  options: { readonly server?: number; readonly node?: string; readonly withinMs?: number } = {},
): Promise<void> => {
  await scene.sees(`NBIRTH ${when}`, 'NBIRTH', options);
  await scene.sees(`all DBIRTHs ${when}`, 'DBIRTH', { ...options, device: LAST_DEVICE });
};

const relay = (id: string) => ({ node: 'c9', id, ageMs: 0, ttlMs: 20_000, distanceM: 120, speedKmh: 5, isApproaching: true });

const establishment =
  (protocol: 4 | 5): Procedure['play'] =>
  async (scene) => {
    await scene.host();
    const node = scene.node({ config: { protocol } });
    await node.readings({ 'L01.level': 40, 'L01.power': [null, 'bad'], 'M1.energy': 123_456_789_012 });
    await node.uplink.start();
    await seesBirths(scene, 'once the host is online');
    await node.stop();
    await scene.sees('NDEATH at the end', 'NDEATH');
    return [scene.record(`A over MQTT ${protocol === 5 ? '5' : '3.1.1'}`)];
  };

const termination =
  (protocol: 4 | 5): Procedure['play'] =>
  async (scene) => {
    await scene.host();
    const node = scene.node({ config: { protocol } });
    await node.uplink.start();
    await seesBirths(scene, 'once the host is online');
    await node.readings({ 'L01.level': 10 });
    node.lose('L01');
    await scene.sees('DDEATH of the device that was stopped', 'DDEATH', { device: 'L01' });
    await node.stop();
    await scene.sees('NDEATH of the node', 'NDEATH');
    await scene.log.waitFor(({ kind }) => kind === 'closed');
    return [scene.record(`B over MQTT ${protocol === 5 ? '5' : '3.1.1'}`)];
  };

const sendData: Procedure['play'] = async (scene) => {
  await scene.host();
  const node = scene.node();
  await node.uplink.start();
  await seesBirths(scene, 'once the host is online');
  node.uplink.relay(relay('r1'));
  await scene.sees('NDATA', 'NDATA');
  await node.readings({ 'L01.level': 40, 'L01.power': 31.5 });
  await scene.sees('DDATA', 'DDATA', { device: 'L01' });
  await node.readings({ 'L01.level': 40, 'L01.power': 31.5 });
  await scene.seesNone('no DDATA of what has not changed', 'DDATA', { device: 'L01' });
  for (let i = 0; i < 300; i += 1) await node.readings({ 'L01.level': i % 100, 'M1.energy': i });
  await scene.sees('DDATA over the end of the numbers', 'DDATA', { device: 'M1' });
  node.uplink.relay(relay('r2'));
  await scene.sees('NDATA again', 'NDATA');
  return [scene.record('C')];
};

const sendComplexData =
  (aliases: boolean): Procedure['play'] =>
  async (scene) => {
    await scene.host();
    const node = scene.node({ config: { aliases } });
    for (let i = 0; i < 20; i += 1)
      await node.readings({
        'L01.level': i,
        'L01.power': 7,
        'L02.level': [i, i % 2 === 0 ? 'good' : 'stale'],
        'M1.energy': 2 ** 53 - 1 - i,
      });
    node.commit();
    await node.uplink.start();
    await seesBirths(scene, 'once the host is online');
    await scene.sees('the backlog', 'DDATA', { device: 'M1' });
    scene.expect('all of it is proven', await until(() => node.store.cursor === 20));
    await node.readings({ 'L01.level': [55.5, 'stale'], 'L01.power': [null, 'bad'], 'L02.level': [null, 'missing'] });
    await scene.sees('values with quality', 'DDATA', { device: 'L02' });
    const atMs = Date.now();
    node.uplink.update('L02', 'Reason', { value: 'presence', quality: 'good', atMs });
    await scene.sees('a text', 'DDATA', { device: 'L02' });
    node.uplink.update('L02', 'Reason', { value: 'presence', quality: 'good', atMs: atMs + 10 });
    await scene.seesNone('no text that is the same', 'DDATA', { device: 'L02' });
    node.lose('L01');
    await scene.sees('DDEATH', 'DDEATH', { device: 'L01' });
    await node.readings({ 'M1.energy': 7 });
    node.bringBack('L01');
    await scene.sees('the device is born again', 'DBIRTH', { device: 'L01' });
    await node.readings({ 'L01.level': 12 });
    await scene.sees('and tells', 'DDATA', { device: 'L01' });
    return [scene.record(aliases ? 'D' : 'D without aliases')];
  };

const BAD_COMMANDS: readonly Metric[][] = [[{ name: 'Nobody/Knows', value: toLong(1) }], [{ alias: 9_999, value: toLong(1) }], []];
/** Longest wait for the last of several commands. Units: ms. */
const COMMANDS_MS = 20_000;

/** Waits until this number of commands has arrived on the topic, so that the recording includes the last one. */
async function commandsReach({ log }: Scene, topic: string, count: number): Promise<boolean> {
  let seen = 0;
  const isLast = (event: WireEvent): boolean =>
    isPacket(event, 'server', 'publish') && event.packet.cmd === 'publish' && event.packet.topic === topic && ++seen === count;
  return (await log.waitFor(isLast, COMMANDS_MS)) !== undefined;
}

const receiveCommand: Procedure['play'] = async (scene) => {
  const host = await scene.host();
  const stranger = await scene.bystander();
  const node = scene.node();
  await node.uplink.start();
  await seesBirths(scene, 'once the host is online');
  await node.readings({ 'L01.level': 40 });
  await scene.sees('DDATA', 'DDATA', { device: 'L01' });
  // As the standard's kit asks: QoS 1, and no time.
  await stranger.publishAsync(`spBv1.0/${GROUP}/NCMD/${NODE}`, encodePayload({ metrics: [REBIRTH] }), { qos: 1 });
  await seesBirths(scene, 'on request');
  scene.kick('reset');
  await seesBirths(scene, 'after the client was kicked');
  await node.readings({ 'L01.level': 41 });
  await scene.sees('DDATA after it', 'DDATA', { device: 'L01' });
  await host.requestRebirth();
  await seesBirths(scene, 'on request of the host');
  for (const metrics of BAD_COMMANDS) {
    scene.log.mark(
      'bad-command',
      JSON.stringify(metrics, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    );
    await stranger.publishAsync(`spBv1.0/${GROUP}/NCMD/${NODE}`, encodePayload({ timestampMs: Date.now(), metrics }), { qos: 0 });
    await stranger.publishAsync(`spBv1.0/${GROUP}/DCMD/${NODE}/L01`, encodePayload({ timestampMs: Date.now(), metrics }), { qos: 0 });
  }
  scene.expect('the host knows the device', await until(() => host.alive.has('L01')));
  await host.override('L01', { level: 30, minutes: 5, reason: 'test', id: 'x1' });
  await host.release('L01');
  scene.expect('DCMD reaches the node', await commandsReach(scene, `spBv1.0/${GROUP}/DCMD/${NODE}/L01`, BAD_COMMANDS.length + 2));
  await node.readings({ 'L01.level': 42 });
  await scene.sees('DDATA after all that', 'DDATA', { device: 'L01' });
  return [scene.record('E')];
};

const isState =
  (online: boolean, timestamp: number) =>
  (topic: string, payload: string): boolean =>
    topic === `spBv1.0/STATE/${HOST}` && payload === JSON.stringify({ online, timestamp });

const primaryHost: Procedure['play'] = async (scene) => {
  const wrong = await scene.statePublisher('other');
  const right = await scene.statePublisher(HOST);
  const say = async (online: boolean, timestampMs: number): Promise<void> => {
    await right.publish(online, timestampMs);
    await scene.reaches(`STATE ${online} reaches the node`, isState(online, timestampMs));
  };
  await wrong.publish(true, Date.now());
  const node = scene.node();
  await node.uplink.start();
  await scene.seesNone('no birth for another host', 'NBIRTH');
  await say(false, Date.now());
  await scene.seesNone('no birth while the host is offline', 'NBIRTH');
  await right.publish(true, Date.now());
  await seesBirths(scene, 'when the host is online');
  await say(false, ANCIENT_MS);
  await scene.seesNone('no death for an offline of the past', 'NDEATH');
  const offlineMs = Date.now();
  await right.publish(false, offlineMs);
  await scene.sees('NDEATH when the host is offline', 'NDEATH');
  await scene.reaches('back, and the host is still offline', isState(false, offlineMs));
  await say(true, ANCIENT_MS);
  await scene.seesNone('no birth for an online of the past', 'NBIRTH');
  await right.publish(true, Date.now());
  await seesBirths(scene, 'when the host is online again');
  const ended = scene.log.events.length;
  await right.publish(false, Date.now());
  await scene.sees('NDEATH at the end', 'NDEATH');
  scene.expect('and the connection is closed', (await scene.log.waitFor(({ kind }) => kind === 'closed', 3_000, ended)) !== undefined);
  return [scene.record('F')];
};

const multipleBrokers: Procedure['play'] = async (scene) => {
  const one = await scene.statePublisher(HOST, 0);
  const two = await scene.statePublisher(HOST, 1);
  await one.publish(true, Date.now());
  const node = scene.node();
  await node.uplink.start();
  await seesBirths(scene, 'on server 1', { server: 0 });
  await two.publish(true, Date.now());
  await scene.seesNone('nothing on server 2', 'NBIRTH', { server: 1 });
  await one.publish(false, Date.now());
  await scene.sees('NDEATH on server 1', 'NDEATH', { server: 0 });
  await seesBirths(scene, 'on server 2', { server: 1 });
  await one.publish(true, Date.now());
  await scene.seesNone('no birth on server 1 while 2 is good', 'NBIRTH', { server: 0 });
  await two.publish(false, Date.now());
  await scene.sees('NDEATH on server 2', 'NDEATH', { server: 1 });
  await seesBirths(scene, 'back on server 1', { server: 0 });
  return [scene.record('G')];
};

const walkBeforeBirth: Procedure['play'] = async (scene) => {
  const one = await scene.statePublisher(HOST, 0);
  const two = await scene.statePublisher(HOST, 1);
  await one.publish(false, Date.now());
  await two.publish(true, Date.now());
  const node = scene.node();
  await node.uplink.start();
  await seesBirths(scene, 'on server 2, where the host is', { server: 1 });
  scene.expect(
    'no birth on server 1',
    !scene.log.events.some(
      (event) =>
        event.kind === 'packet' && event.server === 'server 1' && event.packet.cmd === 'publish' && event.packet.topic.includes('NBIRTH'),
    ),
  );
  return [scene.record('G before a birth')];
};

/** Two nodes with devices of the same names, many rebirths, and a bdSeq that wraps in several runs of one node. */
const monitor: Procedure['play'] = async (scene) => {
  const host = await scene.host();
  await scene.host('c2');
  const saved = new Map<string, unknown>([['sync.bdSeq', 253]]);
  const first = scene.node({ saved });
  const second = scene.node({ config: { node: 'c2' } });
  await first.uplink.start();
  await seesBirths(scene, 'of c1');
  await second.uplink.start();
  await seesBirths(scene, 'of c2', { node: 'c2' });
  for (let i = 0; i < 20; i += 1) await host.requestRebirth();
  await seesBirths(scene, 'after a storm of requests');
  await scene.seesNone('one is enough', 'NBIRTH');
  await first.readings({ 'L02.level': 33 });
  first.commit();
  await scene.seesNone('no data while births are due', 'DDATA');
  await seesBirths(scene, 'that were due after the storm', { withinMs: REBIRTH_GAP_MS.first });
  await scene.sees('the data that waited', 'DDATA', { device: 'L02' });
  for (const [i, node] of [first, second].entries()) {
    node.uplink.relay(relay(`m${i}`));
    await node.readings({ 'L01.level': 20 + i });
    await scene.sees(`DDATA of ${node.name}`, 'DDATA', { device: 'L01', node: node.name });
  }
  await first.stop();
  const again = scene.node({ saved });
  await again.uplink.start();
  await seesBirths(scene, 'after a restart');
  scene.kick('close');
  await seesBirths(scene, 'after the link was cut');
  await again.stop();
  await scene.sees('NDEATH at the end', 'NDEATH');
  await second.stop();
  return [scene.record('M', { isFresh: false, otherNodes: ['c2'] }), scene.record('M, the other node', { node: 'c2', otherNodes: [NODE] })];
};

export const PROCEDURES: readonly Procedure[] = [
  { name: 'A session establishment, MQTT 5', servers: 1, play: establishment(5) },
  { name: 'A session establishment, MQTT 3.1.1', servers: 1, play: establishment(4) },
  { name: 'B session termination, MQTT 5', servers: 1, play: termination(5) },
  { name: 'B session termination, MQTT 3.1.1', servers: 1, play: termination(4) },
  { name: 'C send data', servers: 1, play: sendData },
  { name: 'D send complex data', servers: 1, play: sendComplexData(true) },
  { name: 'D send complex data without aliases', servers: 1, play: sendComplexData(false) },
  { name: 'E receive command', servers: 1, play: receiveCommand },
  { name: 'F primary host', servers: 1, play: primaryHost },
  { name: 'G several servers', servers: 2, play: multipleBrokers },
  { name: 'G several servers, the host on the second', servers: 2, play: walkBeforeBirth },
  { name: 'M monitor', servers: 1, play: monitor },
];
