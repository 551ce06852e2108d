import t from 'tap';
import { probeLine, type SetupProbeParts } from '../../../agent/commissioning/probe.ts';
import { readPlacedYaml } from '../../../agent/config/load/places.ts';
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import { every } from '../../../agent/core/clock.ts';
import type { BytePort } from '../../../agent/core/driver.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { readProfiles } from '../../../drivers/registry.ts';
import { SimLine } from '../../street/sim-line.ts';
import { sds011Frame } from '../../street/units/sds011.ts';
import type { SimUnit } from '../../street/units/sim-unit.ts';
import { createWire } from '../../street/wire.ts';
import { SERIAL_8N2, testPoint, testProfile } from '../../support/profiles.ts';

const KNOWN = testProfile('known', [testPoint('power')], {
  identify: [{ table: 'holding', address: 200, count: 2, oneOf: [], text: 'WB', strength: 'strong' }],
});
const AT_19200_EVEN: SerialSettings = { baud: 19_200, parity: 'even', stopBits: 1, dataBits: 8 };

/** Registers 200 and 201 hold "WB", the others 0. */
function unit(turnaroundMs: number): SimUnit {
  const word = (address: number): number => ({ 200: 87, 201: 66 })[address] ?? 0;
  return { turnaroundMs, read: (_, address, count) => Array.from({ length: count }, (_, i) => word(address + i)), write: () => undefined };
}

/** A line whose units answer at their own speed only, and a probe of it. */
function bench(serial: SerialSettings, units: ReadonlyMap<number, SimUnit>) {
  const clock = createManualClock(0, 'none');
  const line = new SimLine({ serial, clock, units });
  const opened: string[] = [];
  let isOpen = 0;
  const openPort = (_: string, { baud, parity }: SerialSettings): BytePort => {
    const isReadable = baud === serial.baud && parity === serial.parity;
    const wire = createWire((bytes) => {
      if (!isReadable) return;
      line.end = wire.end;
      line.receive(bytes);
    });
    const { port } = wire;
    const [open, close] = [port.open, port.close];
    port.open = async () => {
      await open();
      opened.push(`${baud} ${parity}`);
      isOpen += 1;
    };
    port.close = async () => {
      if (port.isOpen) isOpen -= 1;
      await close();
    };
    return port;
  };
  const look = async (changes: Partial<SetupProbeParts> = {}) => {
    const parts = { from: 1, to: 40, serial: null, profiles: new Map([['known', KNOWN]]), clock, openPort, report: () => {} };
    let isOver = false;
    const result = probeLine('/dev/ttyX', { ...parts, signal: new AbortController().signal, ...changes }).finally(() => {
      isOver = true;
    });
    result.catch(() => {}); // The caller gets it by the return below.
    while (!isOver) await clock.advance(50);
    return result;
  };
  return { clock, look, opened, openPorts: () => isOpen };
}

t.test('units at the usual speed are found in one pass, slow ones too', async (t) => {
  const { look, opened, openPorts } = bench(
    at(9_600),
    new Map([
      [3, unit(4)],
      [7, unit(45)],
    ]),
  );
  const { found, serial } = await look();
  t.strictSame(
    found.map((each) => each.unit),
    [3, 7],
  );
  t.match(found[0], { profiles: [{ id: 'known', strength: 'strong' }] });
  t.match(serial, { baud: 9_600, parity: 'none' });
  t.strictSame([opened.length, openPorts()], [1, 0], 'and the port is closed again');
});

t.test('units at another speed and parity are found too, and then all of them with patience', async (t) => {
  const { look, opened, openPorts } = bench(
    AT_19200_EVEN,
    new Map([
      [3, unit(4)],
      [7, unit(45)],
    ]),
  );
  const { found, serial } = await look();
  t.match(serial, { baud: 19_200, parity: 'even', stopBits: 1 });
  t.strictSame(
    found.map((each) => each.unit),
    [3, 7],
  );
  t.equal(opened[0], '9600 none', 'the usual one was tried first');
  t.equal(openPorts(), 0);
});

t.test('a given speed is the only one tried', async (t) => {
  const { look, opened } = bench(AT_19200_EVEN, new Map([[3, unit(4)]]));
  t.match(await look({ serial: SERIAL_8N2 }), { found: [], serial: { baud: 19_200, parity: 'none' } });
  t.strictSame(new Set(opened), new Set(['19200 none']));
});

t.test('when no unit answers at any speed, that is reported', async (t) => {
  const { look, openPorts } = bench(AT_19200_EVEN, new Map());
  t.match(await look({ to: 3 }), { found: [], damaged: [], serial: { baud: 9_600 } });
  t.equal(openPorts(), 0);
});

t.test('a device that sends without a request is found at its own speed, and nothing is sent to it', async (t) => {
  const { profiles } = readProfiles([], readPlacedYaml);
  const clock = createManualClock(0, 'none');
  const asked: string[] = [];
  const openPort = (_: string, { baud }: SerialSettings): BytePort => {
    const wire = createWire(() => asked.push(String(baud)));
    if (baud === 9_600) every(clock, 1_000, () => wire.end.write(sds011Frame(5, 9)));
    return wire.port;
  };
  let isOver = false;
  const parts = { from: 1, to: 3, serial: null, profiles, clock, openPort, report: () => {}, signal: new AbortController().signal };
  const looking = probeLine('/dev/ttyX', parts).finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(50);
  t.match(await looking, { found: [], uartDevice: { id: 'nova-sds011' }, serial: { baud: 9_600 } });
  t.strictSame(new Set(asked), new Set(['9600']), 'asked was only at the usual speed of Modbus');
});

t.test('a search that is aborted ends soon, with the port closed', async (t) => {
  const { clock, look, openPorts } = bench(AT_19200_EVEN, new Map());
  const person = new AbortController();
  clock.after(500, () => person.abort());
  await t.rejects(look({ signal: person.signal }), { name: 'AbortError' });
  t.ok(clock.monoMs() < 1_500);
  t.equal(openPorts(), 0);
});

function at(baud: number): SerialSettings {
  return { ...SERIAL_8N2, baud };
}
