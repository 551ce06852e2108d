/**
 * Node-RED with its Modbus nodes from npm: the peer of the footprint.
 *
 * Installed into a temporary folder, never a dependency of this project. It polls the same units at the same periods as the agent, and
 * sends
 * what it reads to the same broker.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FootprintUnit, footprintUnits } from './footprint-street.ts';
import type { FootprintStreetAnswer } from './street-process.ts';

/** Source: later releases of the Modbus nodes take a part from another host than npm's registry. */
const PACKAGES = ['node-red@4', 'node-red-contrib-modbus@5.23.3'];

export interface NodeRedPeer {
  readonly program: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
}

/** What is read of each kind of unit. Source: the shipped profiles and the agent's poll classes. */
const READS: Readonly<
  Record<
    FootprintUnit['kind'],
    readonly { readonly table: string; readonly address: number; readonly count: number; readonly periodS: number }[]
  >
> = {
  lamp: [
    { table: 'HoldingRegister', address: 2000, count: 1, periodS: 5 },
    { table: 'InputRegister', address: 400, count: 3, periodS: 30 },
  ],
  sensor: [{ table: 'InputRegister', address: 283, count: 1, periodS: 1 }],
  meter: [{ table: 'InputRegister', address: 52, count: 2, periodS: 5 }],
};

/**
 * Installs Node-RED from npm into `dir`, with a flow that polls the street, and resolves with how to start it. Takes minutes and needs the
 * network. Errors: rejects with the message of npm if it cannot install the packages.
 */
export async function installNodeRed({
  dir,
  ports,
  broker,
}: Pick<FootprintStreetAnswer, 'configFile' | 'ports' | 'broker'> & { dir: string }): Promise<NodeRedPeer> {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'peer', private: true }));
  const words = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...PACKAGES];
  execFileSync('npm', words, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  writeFileSync(
    join(dir, 'settings.js'),
    `module.exports = { httpAdminRoot: false, httpNodeRoot: false, flowFile: 'flows.json', userDir: ${JSON.stringify(dir)} };`,
  );
  writeFileSync(join(dir, 'flows.json'), JSON.stringify(flow(ports, broker)));
  const versionOf = (name: string): string =>
    (JSON.parse(readFileSync(join(dir, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;
  return {
    program: process.execPath,
    words: [join(dir, 'node_modules/node-red/red.js'), '--settings', join(dir, 'settings.js'), '--userDir', dir, '--port', '0'],
    env: { PATH: '/usr/bin:/bin', HOME: dir },
    version: `Node-RED ${versionOf('node-red')} with node-red-contrib-modbus ${versionOf('node-red-contrib-modbus')}`,
  };
}

/** Returns the size of all files in a folder and its subfolders. Units: bytes. Errors: throws if the folder does not exist. */
export function folderBytes(dir: string): number {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** Source: the import format of Node-RED 4 and of node-red-contrib-modbus 5. */
function flow(ports: Readonly<Record<string, string>>, broker: string): object[] {
  const { hostname, port } = new URL(broker);
  const clients = Object.entries(ports).map(([line, serialPort]) => ({
    id: `line-${line}`,
    type: 'modbus-client',
    clienttype: 'serial',
    bufferCommands: true,
    serialPort,
    serialType: 'RTU-BUFFERD',
    serialBaudrate: '19200',
    serialDatabits: '8',
    serialStopbits: '2',
    serialParity: 'none',
    serialConnectionDelay: '100',
    serialAsciiResponseStartDelimiter: '0x3A',
    unit_id: '1',
    commandDelay: '1',
    clientTimeout: '1000',
    reconnectOnTimeout: true,
    reconnectTimeout: '2000',
    parallelUnitIdsAllowed: true,
  }));
  const reads = footprintUnits().flatMap(({ line, unit, kind }) =>
    READS[kind].map(({ table, address, count, periodS }, i) => ({
      id: `read-${line}-${unit}-${i}`,
      type: 'modbus-read',
      z: 'street',
      topic: `peer/${line}/${unit}`,
      unitid: String(unit),
      dataType: table,
      adr: String(address),
      quantity: String(count),
      rate: String(periodS),
      rateUnit: 's',
      server: `line-${line}`,
      showErrors: false,
      showStatusActivities: false,
      wires: [['send'], []],
    })),
  );
  return [
    { id: 'street', type: 'tab', label: 'street' },
    ...clients,
    ...reads,
    { id: 'send', type: 'mqtt out', z: 'street', topic: '', qos: '0', retain: 'false', broker: 'broker', wires: [] },
    {
      id: 'broker',
      type: 'mqtt-broker',
      broker: hostname,
      port,
      protocolVersion: '4',
      keepalive: '60',
      cleansession: true,
      autoConnect: true,
    },
  ];
}
