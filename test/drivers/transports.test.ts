import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { Rs485Settings, SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock } from '../../agent/core/clock.ts';
import type { LateReply, ModbusLine, ReadRequest } from '../../agent/core/driver.ts';
import type { BusError } from '../../agent/core/errors.ts';
import { linePortName, parseLinePort } from '../../agent/core/line-port.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { adapterLatencyMs } from '../../drivers/adapter-latency.ts';
import { createModbusLine, createTcpLine } from '../../drivers/modbus/modbus-line.ts';
import { enableRs485 } from '../../drivers/rs485.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { createSocketPort } from '../../drivers/socket-port.ts';
import { retransmits, retransmitsIn } from '../../drivers/tcp-table.ts';
import { createPtyCable } from '../street/pty.ts';
import { crcBitwise, encodeReadReply, exceptionReply, parseRequest, type SlaveRequest, writeReply } from '../street/rtu-slave.ts';

const SERIAL: SerialSettings = { baud: 115_200, parity: 'none', stopBits: 1, dataBits: 8 };
const clock = createSystemClock({ quality: () => 'synced' });
const holding = (address: number, count = 2, unit = 1): ReadRequest => ({ unit, table: 'holding', address, count });

interface Server {
  readonly port: number;
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

/** A server on an ephemeral port that does with each piece of data what the script says. */
function serve(t: Test, onData: (bytes: Buffer, socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (bytes) => onData(bytes, socket)).on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  t.teardown(close);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as { port: number }).port, sockets, close }));
  });
}

function withCrc(body: Buffer): Buffer {
  const crc = crcBitwise(body);
  return Buffer.concat([body, Buffer.from([crc & 0xff, crc >> 8])]);
}

/** An RTU answer in which each register holds its own address; unit 9 refuses. */
function rtuAnswer(frame: Buffer): Buffer {
  const request = parseRequest(frame) as SlaveRequest;
  if (request.unit === 9) return exceptionReply(request, 11);
  if (request.kind === 'write') return writeReply(frame);
  return encodeReadReply(
    request,
    Array.from({ length: request.count }, (_, i) => request.address + i),
  );
}

function mbap(id: number, body: Buffer, protocol = 0): Buffer {
  const frame = Buffer.alloc(6 + body.length);
  frame.writeUInt16BE(id, 0);
  frame.writeUInt16BE(protocol, 2);
  frame.writeUInt16BE(body.length, 4);
  body.copy(frame, 6);
  return frame;
}

const bodyOf = (adu: Buffer): Buffer => rtuAnswer(withCrc(adu.subarray(6))).subarray(0, -2);

async function tcpLine(t: Test, port: number, at: Clock = clock): Promise<ModbusLine> {
  const line = createTcpLine({ port: createSocketPort({ name: 'tcp://gateway', host: '127.0.0.1', port, clock: at }), clock: at });
  t.teardown(() => line.close());
  await line.open();
  return line;
}

t.test('Modbus TCP: reads, writes, refusals and broadcasts, in pieces or several at once', async (t) => {
  const asked: Buffer[] = [];
  const server = await serve(t, (adu, socket) => {
    asked.push(Buffer.from(adu));
    if (adu[6] === 0) return;
    const reply = mbap(adu.readUInt16BE(0), bodyOf(adu));
    for (const byte of reply) socket.write(Buffer.from([byte]));
  });
  const line = await tcpLine(t, server.port);
  t.same(
    (await line.read(holding(100, 125), 500)).words,
    Array.from({ length: 125 }, (_, i) => 100 + i),
  );
  t.same((await line.read({ unit: 1, table: 'coil', address: 0, count: 9 }, 500)).words.length, 9);
  t.same((await line.write({ unit: 1, table: 'holding', address: 4, values: [7] }, 500)).words, []);
  t.same((await line.write({ unit: 1, table: 'holding', address: 4, values: [7], multiple: true }, 500)).words, []);
  await t.rejects(line.read(holding(1, 1, 9), 500), { code: 'timeout', message: /exception 11: the gateway got no answer/ });
  t.same((await line.write({ unit: 0, table: 'holding', address: 4, values: [7] }, 5)).words, [], 'no unit answers a broadcast');
  t.same(
    asked.map((adu) => [adu.readUInt16BE(0), adu[7]]),
    [1, 2, 3, 4, 5, 6].map((id, i) => [id, [3, 1, 6, 16, 3, 6][i]]),
    'each under its own number',
  );
  t.match(line.counters, { transactions: 6, exceptions: 1, timeouts: 0, lateReplies: 0, foreignFrames: 0 });
  t.equal(line.heldUntilMono(holding(1)), 0);
  await t.rejects(line.retune(SERIAL), { code: 'port-refused', message: /no speed/ });
});

t.test('Modbus TCP: a late reply and one under a wrong number are never taken for the answer', async (t) => {
  const waiting: Buffer[] = [];
  const server = await serve(t, (adu, socket) => {
    const id = adu.readUInt16BE(0);
    if (id === 1) waiting.push(mbap(id, bodyOf(adu)));
    else socket.write(Buffer.concat([...waiting.splice(0), mbap(id + 1_000, bodyOf(adu)), mbap(id, bodyOf(adu))]));
  });
  const line = await tcpLine(t, server.port);
  const late: LateReply[] = [];
  line.onLateReply = (each) => late.push(each);
  await t.rejects(line.read(holding(10), 20), { code: 'timeout', message: /behind the gateway/ });
  t.same((await line.read(holding(50), 500)).words, [50, 51]);
  t.match(line.counters, { timeouts: 1, lateReplies: 1, foreignFrames: 1 });
  t.match(late, [{ request: holding(10) }], 'the callback receives the request');
  t.ok((late[0]?.afterMs ?? 0) >= 20, `after ${late[0]?.afterMs} ms`);
});

t.test('Modbus TCP: that a gateway gives up later than we do is no late reply of the unit', async (t) => {
  const waiting: Buffer[] = [];
  const server = await serve(t, (adu, socket) => {
    const id = adu.readUInt16BE(0);
    if (id <= 2) waiting.push(mbap(id, Buffer.from([1, 0x83, 9 + id])));
    else socket.write(Buffer.concat([...waiting.splice(0), mbap(id, bodyOf(adu))]));
  });
  const line = await tcpLine(t, server.port);
  const late: LateReply[] = [];
  line.onLateReply = (each) => late.push(each);
  for (const address of [10, 20]) await t.rejects(line.read(holding(address), 20), { code: 'timeout' });
  t.same((await line.read(holding(50), 500)).words, [50, 51]);
  t.match(line.counters, { lateReplies: 2 });
  t.same(late, []);
});

const misanswers: [story: string, spoil: (body: Buffer) => Buffer][] = [
  ['another unit', (body) => Buffer.concat([Buffer.from([2]), body.subarray(1)])],
  ['another function', (body) => Buffer.concat([body.subarray(0, 1), Buffer.from([4]), body.subarray(2)])],
  ['fewer registers', (body) => body.subarray(0, -2)],
  ['a byte count that lies', (body) => Buffer.concat([body.subarray(0, 2), Buffer.from([2]), body.subarray(3)])],
];
t.test('Modbus TCP: a frame that does not fit the request is no value, at once', async (t) => {
  let spoil = (body: Buffer): Buffer => body;
  const server = await serve(t, (adu, socket) => socket.write(mbap(adu.readUInt16BE(0), spoil(bodyOf(adu)))));
  const line = await tcpLine(t, server.port);
  for (const [story, how] of misanswers) {
    spoil = how;
    await t.rejects(
      line.read(holding(10), 5_000),
      { code: 'wrong-reply', message: /the gateway's answer does not fit the request/ },
      story,
    );
  }
  spoil = (body) => body;
  t.same((await line.read(holding(50), 500)).words, [50, 51]);
  t.equal(line.counters.wrongReplies, misanswers.length);
});

t.test('Modbus TCP: an exception reply without a function code is accepted as one, and nothing similar is', async (t) => {
  let answer = (_: Buffer): number[] => [];
  const server = await serve(t, (adu, socket) => socket.write(mbap(adu.readUInt16BE(0), Buffer.from(answer(adu)))));
  const line = await tcpLine(t, server.port);
  const ask = (unit: number) => line.read({ unit, table: 'coil', address: 9, count: 1 }, 5_000);
  answer = (adu) => [adu[6] as number, 0x80, 11];
  await t.rejects(ask(7), { code: 'timeout', message: /^unit 7 answered with exception 11: the gateway got no answer/ });
  answer = (adu) => [adu[6] as number, 0x80, 4];
  await t.rejects(ask(7), { code: 'device-failure', message: /^unit 7 answered with exception 4/ });
  await t.rejects(line.write({ unit: 7, table: 'holding', address: 1, values: [2] }, 5_000), { code: 'device-failure' });
  t.match(line.counters, { exceptions: 3, wrongReplies: 0, timeouts: 0 });
  const near: number[][] = [
    [8, 0x80, 4],
    [7, 0x80, 12],
    [7, 0x80, 0],
    [7, 0x80, 4, 4],
    [7, 0x83, 4],
  ];
  for (const body of near) {
    answer = () => body;
    await t.rejects(ask(7), { code: 'wrong-reply' }, `${body}`);
  }
});

t.test('Modbus TCP: bytes that are not MBAP end the connection with advice, and it opens again', async (t) => {
  let garbage = true;
  const server = await serve(t, (adu, socket) => {
    socket.write(garbage ? rtuAnswer(withCrc(adu.subarray(6))) : mbap(adu.readUInt16BE(0), bodyOf(adu)));
  });
  const line = await tcpLine(t, server.port);
  const lost = new Promise<Error>((resolve) => {
    line.onLost = resolve;
  });
  await t.rejects(line.read(holding(10), 60_000), { code: 'port-closed' });
  t.match(await lost, { code: 'port-closed', message: /does not use Modbus TCP.*rtu\+tcp/ });
  t.notOk(line.isOpen);
  garbage = false;
  await line.open();
  t.same((await line.read(holding(50), 500)).words, [50, 51]);
});

t.test('Modbus TCP: a gateway that disconnects ends the request in flight immediately', async (t) => {
  const server = await serve(t, () => {});
  const line = await tcpLine(t, server.port);
  const lost = new Promise<Error>((resolve) => {
    line.onLost = resolve;
  });
  const flying = line.read(holding(10), 60_000);
  clock.after(10, () => {
    for (const socket of server.sockets) socket.destroy();
  });
  await t.rejects(flying, { code: 'port-closed', message: /closed the connection|broke the connection/ });
  t.match(await lost, { code: 'port-closed' });
  await server.close();
  await t.rejects(line.open(), { code: 'port-refused', message: /refuses the connection: check the port number/ });
  t.notOk(line.isOpen);
});

t.test('a connection that acknowledges but answers nothing is kept, one whose other end has gone is closed', async (t) => {
  for (const [counts, isKept] of [
    [[0, 0, 0], true],
    [[1, 0, 1], true],
    [[null, null], true],
    [[0, 6], false],
  ] as const) {
    const at = createManualClock(0);
    const server = await serve(t, () => {});
    const left = [...counts];
    const options = { name: 'tcp://gateway', host: '127.0.0.1', port: server.port, clock: at, retransmits: async () => left.shift() ?? 0 };
    const port = createSocketPort(options);
    t.teardown(() => port.close());
    await port.open();
    let lost: Error | undefined;
    port.onLost = (cause) => {
      lost = cause;
    };
    for (let s = 0; s <= 35 && port.isOpen; s++) {
      port.write(Buffer.from([s]));
      await at.advance(1_000);
    }
    t.equal(port.isOpen, isKept, `${counts}`);
    if (isKept) t.equal(lost, undefined);
    else t.match(lost, { code: 'port-closed', message: /is gone: it no longer acknowledges anything, check network and power/ });
  }
});

t.test('state of a connection in the kernel: live ones acknowledge, unknown ones are not known', async (t) => {
  const server = await serve(t, () => {});
  const socket = connect({ host: '127.0.0.1', port: server.port });
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  socket.write('a');
  const ports = { local: socket.localPort as number, remote: server.port };
  t.equal(await retransmits(ports), 0);
  t.equal(await retransmits({ ...ports, remote: 1 }), null);
  t.equal(await retransmits(ports, ['/proc/no/such/table']), null);
  // Linux 6.1, an established connection after its cable was pulled, one that is closing, and one in IPv6.
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const gone = '   3: 0501A8C0:D431 0701A8C0:01F6 01 0000000C:00000000 01:00000B5E 00000006  1000        0 81234 3 ffff 1 4 30 1 7';
  const closing = '   4: 0501A8C0:D432 0701A8C0:01F6 04 0000000C:00000000 01:00000B5E 00000003  1000        0 81234 3 ffff';
  const six =
    '   5: 0000000000000000FFFF00000501A8C0:D433 0000000000000000FFFF00000701A8C0:01F6 01 00000000:00000000 00:00000000 00000000  1000';
  const table = [head, gone, closing, six, ''].join('\n');
  for (const [local, count] of [
    [0xd431, 6],
    [0xd432, null],
    [0xd433, 0],
    [0xd434, null],
  ] as const)
    t.equal(retransmitsIn(table, { local, remote: 502 }), count);
});

t.test('requests that a far end has not answered are dropped with the connection, an answered one ends it as usual', async (t) => {
  for (const isAnswered of [true, false]) {
    let ended = '';
    const server = await serve(t, (bytes, socket) => {
      socket.removeAllListeners('error');
      socket.on('error', (error: NodeJS.ErrnoException) => (ended = String(error.code))).on('end', () => (ended = 'end'));
      if (isAnswered) socket.write(bytes);
    });
    const port = createSocketPort({ name: 'tcp://gateway', host: '127.0.0.1', port: server.port, clock });
    await port.open();
    const answered = new Promise<void>((resolve) => {
      port.onBytes = () => resolve();
    });
    port.write(Buffer.from([1]));
    if (isAnswered) await answered;
    else await new Promise<void>((resolve) => clock.after(50, resolve));
    t.equal(port.isStalled, !isAnswered);
    await port.close();
    while (ended === '') await new Promise<void>((resolve) => clock.after(5, resolve));
    t.equal(ended, isAnswered ? 'end' : 'ECONNRESET');
  }
});

t.test('RTU over TCP: a repeated reply that is unread in the socket when the next request leaves is not its reply', async (t) => {
  const asked: number[] = [];
  let connection: Socket | undefined;
  const server = await serve(t, (frame, socket) => {
    connection = socket;
    asked.push(frame.readUInt16BE(2));
    socket.write(rtuAnswer(frame));
  });
  const port = createSocketPort({ name: 'rtu+tcp://server', host: '127.0.0.1', port: server.port, clock });
  const line = createModbusLine({ port, serial: SERIAL, clock, isNetwork: true });
  t.teardown(() => line.close());
  await line.open();
  // The unit repeats its first reply, and the loop is held up until after the time at which the next request may leave.
  const copy = rtuAnswer(withCrc(Buffer.from([1, 3, 0, 10, 0, 2])));
  for (const address of [10, 20]) await line.read(holding(address), 500);
  const pending = line.read(holding(30), 500);
  connection?.write(copy);
  for (const endMono = clock.monoMs() + 20; clock.monoMs() < endMono; );
  // On a machine that is held up longer true replies may be doubtful too; then it is read again, as the agent does.
  const sure = (reply: ReturnType<typeof line.read>, tries = 10): ReturnType<typeof line.read> =>
    reply.catch((error: BusError) =>
      error.code === 'doubtful' && tries > 0 ? sure(line.read(holding(30), 500), tries - 1) : Promise.reject(error),
    );
  t.same((await sure(pending)).words, [30, 31]);
  t.ok(asked.includes(30), 'it was requested');
  t.equal(port.discardInput(), 0, 'a socket has nothing to discard: the content decides');
});

t.test('a host without a name or an answer is missing', async (t) => {
  const port = createSocketPort({ name: 'tcp://nowhere.invalid:502', host: 'nowhere.invalid', port: 502, clock });
  await t.rejects(port.open(), { code: 'port-missing', message: /^tcp:\/\/nowhere\.invalid:502 has no address: check the host name/ });
  t.notOk(port.isOpen);
});

t.test('RTU over TCP: the guarded port does its work behind a serial server too', async (t) => {
  let noise: Buffer = Buffer.alloc(0);
  let waiting: Buffer = Buffer.alloc(0);
  let isLate = true;
  const server = await serve(t, (frame, socket) => {
    const reply = rtuAnswer(frame);
    if (isLate) waiting = reply;
    else socket.write(Buffer.concat([noise, waiting, reply]));
    isLate = false;
  });
  const port = createSocketPort({ name: 'rtu+tcp://server', host: '127.0.0.1', port: server.port, clock });
  const line = createModbusLine({ port, serial: SERIAL, clock });
  t.teardown(() => line.close());
  const late: LateReply[] = [];
  line.onLateReply = (each) => late.push(each);
  await line.open();
  await t.rejects(line.read(holding(10, 4), 30), { code: 'timeout' });
  t.same((await line.read(holding(50), 500)).words, [50, 51]);
  t.match(line.counters, { timeouts: 1, lateReplies: 1 });
  t.match(late, [{ request: holding(10, 4) }]);
  waiting = Buffer.alloc(0);
  noise = Buffer.from([0, 255]);
  t.same((await line.read(holding(60), 500)).words, [60, 61]);
  await t.rejects(line.retune(SERIAL), { code: 'port-refused', message: /serial server/ });
});

const behindServer: [story: string, answer: (frame: Buffer) => Buffer, message: RegExp][] = [
  ['nothing', () => Buffer.alloc(0), /^unit 1: no reply in 30 ms, check the unit behind the gateway: power, address and cable$/],
  ['noise', () => Buffer.from([9, 8, 7]), /only noise: check the serial settings of the gateway/],
  ['frames of others', () => withCrc(Buffer.from([9, 3, 2, 0, 7])), /frames of others: check that no second client uses the gateway/],
  [
    'a damaged reply',
    (frame) => Buffer.concat([rtuAnswer(frame).subarray(0, -1), Buffer.from([0])]),
    /damaged reply, check the serial settings/,
  ],
  ['half a reply', (frame) => rtuAnswer(frame).subarray(0, 6), /broke off, check the network, the gateway/],
];
for (const [story, answer, message] of behindServer) {
  t.test(`behind a serial server ${story} points at the gateway, not at a wire`, async (t) => {
    const server = await serve(t, (frame, socket) => void socket.write(answer(frame)));
    const port = createSocketPort({ name: 'rtu+tcp://server', host: '127.0.0.1', port: server.port, clock });
    const line = createModbusLine({ port, serial: SERIAL, clock, isNetwork: true });
    t.teardown(() => line.close());
    await line.open();
    t.equal(line.isNetwork, true);
    await t.rejects(line.read(holding(10, 4), 30), { message });
    const again = await line.read(holding(10, 3), 30).catch((error: Error) => error.message);
    t.notMatch(again, /wiring|A\/B|bias|terminat/);
  });
}

const ports: [text: string, meaning: string | RegExp][] = [
  ['/dev/ttyUSB0', '/dev/ttyUSB0'],
  ['tcp://10.0.0.5', 'tcp://10.0.0.5:502'],
  ['TCP://Gateway.local:1502', 'tcp://gateway.local:1502'],
  ['tcp://[fe80::1]:80', 'tcp://[fe80::1]:80'],
  ['rtu+tcp://10.0.0.5:4001/', 'rtu+tcp://10.0.0.5:4001'],
  ['rtu+tcp://10.0.0.5', /must be given/],
  ['tcp://', /found "tcp:\/\/"; allowed: tcp:\/\/host:port/],
  ['tcp://host:0', /from 1 to 65535/],
  ['tcp://host:65536', /from 1 to 65535/],
  ['tcp://host:502/unit/3', /nothing behind it/],
  ['tcp://user@host:502', /nothing behind it/],
  ['udp://host:502', /allowed: a device file, tcp:\/\/host:port or rtu\+tcp:\/\/host:port/],
  ['tcp://10.0.0.5:4001 ', /nothing behind it/],
  ['tcp://10.0.0.5:4001?', /nothing behind it/],
  ['tcp://10.0.0.5:4001#', /nothing behind it/],
  ['tcp://10.0.0.5:4001/.', /nothing behind it/],
  ['rtu+tcp://10.0.0.5:4001\\', /nothing behind it/],
];
t.test('the port of a line is a file or an address', async (t) => {
  for (const [text, meaning] of ports) {
    const port = parseLinePort(text);
    t.match(port.kind === 'bad' ? String(port.why) : linePortName(port), meaning, text);
    t.equal(port.kind === 'bad', meaning instanceof RegExp, text);
  }
});

const RS485: Rs485Settings = { rtsHighOnSend: true, delayBeforeSendMs: 1, delayAfterSendMs: 2, receiveDuringSend: false };
const modes: [settings: Partial<Rs485Settings>, words: number[]][] = [
  [{}, [3, 1, 2]],
  [{ rtsHighOnSend: false }, [5, 1, 2]],
  [{ receiveDuringSend: true, delayAfterSendMs: 0 }, [19, 1, 0]],
];
t.test('rs485 settings are sent to the kernel, and its refusal gives advice', async (t) => {
  for (const [settings, words] of modes) {
    await enableRs485(7, { ...RS485, ...settings }, async (fd, given) => {
      t.same([fd, ...given], [7, ...words]);
      return 0;
    });
  }
  await t.rejects(
    enableRs485(7, RS485, async () => 22),
    { code: 'port-refused', message: /errno 22.*other delays/ },
  );
  await t.rejects(
    enableRs485(7, RS485, () => Promise.reject(new Error('no perl'))),
    { code: 'port-refused', message: /no perl; the package perl-base/ },
  );
});

t.test('a real port without an RS-485 mode is refused by its name and left closed', async (t) => {
  const cable = createPtyCable(() => {});
  const port = createSerialPort(cable.path, SERIAL, RS485);
  t.teardown(() => cable.close());
  await t.rejects(port.open(), { code: 'port-refused', message: new RegExp(`^${cable.path}: this port has no RS-485 mode.*device tree`) });
  t.notOk(port.isOpen);
  const plain = createSerialPort(cable.path, SERIAL);
  await plain.open();
  t.ok(plain.isOpen, 'its lock is free');
  await plain.close();
});

t.test('a held serial port delivers nothing until it is let go, then everything', async (t) => {
  const cable = createPtyCable(() => {});
  const port = createSerialPort(cable.path, SERIAL);
  t.teardown(async () => {
    await port.close();
    cable.close();
  });
  const pieces: string[] = [];
  let received = (): void => {};
  port.onBytes = (bytes) => {
    pieces.push(bytes.toString());
    port.hold?.(pieces.length === 1);
    received();
  };
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      received = resolve;
    });
  await port.open();
  cable.end.write(Buffer.from('a'));
  await next();
  for (const piece of ['b', 'c', 'd']) cable.end.write(Buffer.from(piece));
  await new Promise<void>((resolve) => clock.after(5, resolve));
  t.same(pieces, ['a']);
  port.hold?.(false);
  t.same(pieces, ['a', 'bcd']);
  cable.end.write(Buffer.from('e'));
  await next();
  t.same(pieces, ['a', 'bcd', 'e']);
});

t.test('the latency timer of a USB adapter is found behind its stable name', async (t) => {
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' });
  const files = (timer: string | null) => ({
    realPath: (path: string) => (path === '/dev/serial/by-path/x' ? '/dev/ttyUSB3' : path),
    read: (path: string) => {
      if (timer === null || path !== '/sys/class/tty/ttyUSB3/device/latency_timer') throw missing;
      return timer;
    },
  });
  t.equal(adapterLatencyMs('/dev/serial/by-path/x', files('16\n')), 16);
  t.equal(adapterLatencyMs('/dev/serial/by-path/x', files(null)), null);
  t.equal(adapterLatencyMs('/dev/ttyS0', files('16\n')), null);
  t.equal(adapterLatencyMs('/dev/serial/by-path/x', files('?\n')), null);
  t.equal(adapterLatencyMs('tcp://host:502', files('16\n')), null);
  t.equal(adapterLatencyMs('/dev/nowhere-at-all'), null);
});
