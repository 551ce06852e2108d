import { readFileSync } from 'node:fs';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { ConfigError } from '../../agent/core/errors.ts';
import { loadProfile } from '../../drivers/profile-loader.ts';
import { crcBitwise } from '../street/rtu-slave.ts';
import { ACME, loadAcmeProfile } from './acme-profile.ts';

t.test('a short profile is complete: what it leaves out has a default', async (t) => {
  t.match(loadAcmeProfile(ACME), {
    transport: 'modbus',
    quirks: { maxReadRegisters: 125, maxHole: 0, evenAlign: false, responseTimeoutMs: 300 },
    serial: { baud: 9_600, parity: 'none', stopBits: 1, dataBits: 8 },
    setup: [],
    points: [
      { type: 'u16', scale: 1, poll: 'normal', write: { settleMs: 50, tolerance: 0 } },
      { wordOrder: 'high-first', invalid: [], write: null },
    ],
  });
});

/** `mark` is the text in the broken file at which the first complaint points. */
// biome-ignore format: a table
const broken: [story: string, from: string, to: string, mark: string, message: RegExp, from2?: string, to2?: string][] = [
  ['overlapping registers', 'table: input, address: 10', 'table: holding, address: 0', '0, type: u32', /overlaps level \(holding 0\)/],
  [
    'a wide value that reaches into the next',
    'type: u32 }',
    'type: u32 }\n  - { id: next, semantic: other, table: input, address: 11 }',
    '11 }',
    /overlaps power \(input 10\)/,
  ],
  [
    'a wide value that lies over a later one',
    'type: u32 }',
    'type: u16 }\n  - { id: next, semantic: other, table: input, address: 9, type: u32 }',
    '9, type',
    /overlaps power \(input 10\)/,
  ],
  ['a point that the schema library would drop', 'level: 40', 'level: 40, __proto__: 1', '__proto__', /^unknown key "__proto__"$/],
  ['a word that the schema library would drop', 'type: u32 }', 'type: u32, enum: { "0": off, __proto__: on } }', '__proto__', /^unknown key "__proto__"$/],
  ['an unknown type', 'u32', 'u48', 'u48', /u16.*s16/],
  ['no source', 'sources:\n  - Acme, manual of the lamp', 'sources: []', '[]', /where the registers are known from/],
  ['sources missing altogether', 'sources:\n  - Acme, manual of the lamp\n', '', 'id: acme', /missing; needed: a list of at least one entry that says where/],
  ['an example that does not come out', 'level: 40', 'level: 41', '41', /expected 41, but it decodes to 40/],
  ['an example of a point that is not in it', 'level: 40', 'power: 40', '40 }', /not among the registers/],
  ['an example of a misspelt point', 'level: 40', 'levle: 40', 'levle', /^there is no point "levle"; did you mean "level"\?$/],
  ['an example of no point', 'level: 40', 'x: 40', 'x: 40', /^there is no point "x"; there are: level, power$/],
  ['a manual\'s number for an address', 'table: holding, address: 0', 'table: holding, address: 40001', '40 }', /among the registers of this exchange; a manual that says 40001 means address 0 of table holding$/],
  ['the same of an input register', 'table: holding, address: 0, unit: "%", write: { min: 0, max: 100 }', 'address: 39999', '40 }', /a manual that says 39999 means address 9998 of table input$/],
  ['an address of such a height that is none', 'table: holding, address: 0', 'table: holding, address: 50000', '40 }', /among the registers of this exchange$/],
  ['a response with a wrong checksum', '28 B8 5A', '28 B8 5B', '01 03 02 00 28', /^found checksum B8 5B; the right one of these bytes is B8 5A$/],
  ['a request with a wrong checksum', '01 84 0A', '01 0A 84', '01 03 00 00', /^found checksum 0A 84; the right one of these bytes is 84 0A$/],
  ['a request that broke off', '01 03 00 00 00 01 84 0A', '01 03 00 00 00 01', '01 03 00 00', /^found 6 bytes; a request of function 3 has 8, checksum included$/],
  ['a request of no read and no write', '01 03 00 00 00 01 84 0A', hexOf(1, 7, 0, 0, 0, 1), hexOf(1, 7, 0, 0, 0, 1), /^found function 7: neither a read \(1 to 4\) nor a write/],
  ['a response with more than was asked for', '01 03 02 00 28 B8 5A', hexOf(1, 3, 4, 0, 40, 0, 0), hexOf(1, 3, 4, 0, 40, 0, 0), /^found 4 as the number of data bytes; the request asks for 1 register, which has 2$/],
  ['a response that has lost a byte', '01 03 02 00 28 B8 5A', '01 03 02 28 B8 5A', '01 03 02 28', /^found 6 bytes; a reply with 2 bytes of data has 7, checksum included$/],
  ['a response of another unit', '01 03 02 00 28 B8 5A', hexOf(2, 3, 2, 0, 40), hexOf(2, 3, 2, 0, 40), /^found unit 2; the request is for unit 1$/],
  ['a response of another function', '01 03 02 00 28 B8 5A', hexOf(1, 4, 2, 0, 40), hexOf(1, 4, 2, 0, 40), /^found function 4; the request has function 3$/],
  ['a response too short for a frame', '01 03 02 00 28 B8 5A', '"01"', '"01"', /^found 1 byte; the shortest frame has 5, checksum included$/],
  ['half a refusal', '01 03 02 00 28 B8 5A', `${hexOf(1, 0x83, 2)}00`, hexOf(1, 0x83, 2), /^found 6 bytes; a refusal has 5/],
  ['a write that answers something else', ACME.slice(ACME.indexOf('request:')), `request: ${hexOf(1, 6, 0, 0, 0, 9)}\n    response: ${hexOf(1, 6, 0, 0, 0, 8)}\n    expect: {}\n`, hexOf(1, 6, 0, 0, 0, 8), /^the reply to a write must repeat it: 01 06 00 00 00 09 49 CC$/],
  ['a write of more registers than it has bytes for', ACME.slice(ACME.indexOf('request:')), `request: ${hexOf(1, 16, 0, 0, 0, 2, 2, 0, 40)}\n    response: ${hexOf(1, 16, 0, 0, 0, 2)}\n    expect: {}\n`, hexOf(1, 16, 0, 0, 0, 2, 2, 0, 40), /^found 2 as the number of data bytes; the request asks for 2 registers, which have 4$/],
  ['an example without its request', '    request: 01 03 00 00 00 01 84 0A\n', '', 'origin', /needs its request/],
  ['an example that is not hex', '01 03 02 00 28 B8 5A', '01 0x03', '01 0x03', /bytes in hex/],
  ['no example', ACME.slice(ACME.indexOf('examples:')), 'examples: []\n', '[]', /at least one exchange/],
  ['an unknown key', 'address: 0, unit', 'address: 0, unitt', 'unitt', /unknown key "unitt"; did you mean "unit"\?/],
  ['a misspelt word', 'table: input', 'table: imput', 'imput', /found "imput"; did you mean "input"\? Allowed: coil, discrete, input or holding/],
  ['a number as text', 'min: 0', 'min: "0"', '"0"', /found "0": write it without quotes; allowed: a number/],
  ['an unknown key at the top', 'vendor: Acme', 'vendor: Acme\ncolour: red', 'colour', /unknown key "colour"/],
  ['a write to an input table', 'table: holding', 'table: input', '{ min', /table input cannot be written/],
  ['a write of 64 bits', 'address: 0,', 'address: 0, type: u64,', 'u64', /type u64 cannot be written, only bit, u16, s16/],
  ['coils of a type that has none', 'type: u32', 'type: u32, coils: 4', '4 }', /only type bits has coils, found type u32/],
  ['bits without their number', 'table: input, address: 10, type: u32', 'table: coil, address: 10, type: bits', 'bits', /give the number of coils as `coils:`, 2 to 32/],
  ['bits in registers', 'type: u32', 'type: bits, coils: 4', 'bits', /holds registers, found type bits/],
  ['bits with an order', 'table: input, address: 10, type: u32', 'table: coil, address: 10, type: bits, coils: 4, byteOrder: low-first', 'low-first', /bits have no order of bytes or words/],
  ['bits over another coil', 'type: u32 }', 'type: u32 }\n  - { id: a, semantic: other, table: coil, address: 3, type: bit }\n  - { id: b, semantic: other, table: coil, address: 0, type: bits, coils: 4 }', '0, type: bits', /overlaps a \(coil 3\)/],
  ['a limit that a short float does not hold', 'table: input, address: 10, type: u32', 'table: holding, address: 10, type: f32, decimals: 2, write: { min: 0, max: 1234567.89 }', '1234567.89', /1234567.89 reads back as 1234567.88 from f32 with 2 decimals/],
  ['more decimals than the float has', 'table: input, address: 10, type: u32', 'table: holding, address: 10, type: f32, write: { min: 0.5, max: 9 }', '0.5', /0.5 reads back as 1 from f32 with 0 decimals/],
  ['a fifth decimal digit', 'table: input, address: 10, type: u32', 'table: holding, address: 10, type: bcd16, write: { min: 0, max: 10000 }', '10000', /10000 does not fit into bcd16/],
  ['a nameplate entry twice', 'points:', 'nameplate: [{ id: serial, address: 1 }, { id: serial, address: 2 }]\npoints:', 'serial, address: 2', /"serial" is listed twice/],
  ['a nameplate with a name of its own', 'points:', 'nameplate: [{ id: colour, address: 1 }]\npoints:', 'colour', /serial, firmware, hardware, model or maker/],
  ['a count of a number', 'points:', 'nameplate: [{ id: serial, address: 1, type: u32, count: 2 }]\npoints:', '2 }', /only a text has a count of registers/],
  ['words of a text', 'points:', 'nameplate: [{ id: serial, address: 1, count: 2, wordOrder: low-first }]\npoints:', 'low-first', /a text has no order of words/],
  ['a text that is longer than a read', 'points:', 'quirks: { maxReadRegisters: 8 }\nnameplate: [{ id: serial, address: 1, count: 9 }]\npoints:', '9 }', /serial has 9 registers that must be read in one request/],
  ['a text beyond the table', 'points:', 'nameplate: [{ id: serial, address: 65535, count: 2 }]\npoints:', '65535', /serial reaches beyond address 65535/],
  ['a text that starts at an odd address', 'points:', 'quirks: { evenAlign: true }\nnameplate: [{ id: serial, address: 1, count: 2 }]\npoints:', '1, count', /start and number of registers must be even/],
  ['an example of a text that is not in it', 'level: 40 }', 'level: 40 }\n    nameplate: { serial: x }', 'serial: x', /the nameplate has no "serial"/],
  ['an example of a text that does not come out', 'level: 40 }', 'level: 40 }\n    nameplate: { serial: x }', 'x }', /expected x, but it decodes to 40/, 'points:', 'nameplate: [{ id: serial, address: 0, type: u16 }]\npoints:'],
  ['an example without the registers of the text', 'level: 40 }', 'level: 40 }\n    nameplate: { serial: x }', 'x }', /expected x, but it is not among the registers/, 'points:', 'nameplate: [{ id: serial, address: 9 }]\npoints:'],
  ['a bit of decimal digits', 'type: u32', 'type: bcd16, bit: 3', '3 }', /type bcd16 has no bits/],
  ['coils that cannot be read in one request', 'points:', 'quirks: { maxReadBits: 2 }\npoints:', '2 }', /power has 4 bits that must be read in one request; correct maxReadBits/, 'table: input, address: 10, type: u32', 'table: coil, address: 10, type: bits, coils: 4'],
  ['a wide value that may only be written register by register', 'points:', 'quirks: { writeFunction: single }\npoints:', 'single', /power has 2 registers that must be written in one request/, 'table: input, address: 10, type: u32', 'table: holding, address: 10, type: u32, write: { min: 0, max: 9 }'],
  ['a level in raw steps', 'min: 0, max: 100', 'min: 0, max: 254', '{ min', /a level is written from 0 to 100 %/],
  ['write limits the wrong way round', 'min: 0, max: 100', 'min: 100, max: 0', '{ min', /min is above max/],
  ['write limits beyond the register', 'max: 100', 'max: 70000', '70000', /70000 does not fit into u16/],
  ['a bit in a register', 'u32', 'bit', 'bit', /holds registers, found type bit/],
  ['a number in a coil', 'table: holding', 'table: coil', '{ id: level', /holds bits, found type u16/],
  ['a point twice', 'id: power', 'id: level', 'level, semantic: power', /"level" is listed twice/],
  ['a range the wrong way round', 'type: u32', 'type: u32, range: [10, 0]', '[10, 0]', /must be below the second/],
  ['a scale of nothing', 'type: u32', 'type: u32, scale: 0.0', '0.0', /scale of 0/],
  ['an address beyond the table', 'address: 10', 'address: 65536', '65536', /65535/],
  ['a codec on a Modbus device', 'trust: B', 'trust: B\ncodec: sds011', 'sds011', /only a uart device/],
  ['an unknown codec', 'trust: B', 'trust: B\ntransport: uart\ncodec: sds012', 'sds012', /found sds012; the codecs are sds011/],
  ['a Modbus point without address', 'table: input, address: 10, ', 'table: input, ', '{ id: power', /point "power" has no address; give the one in the frame, counted from 0/],
  ['a value that reaches beyond the table', 'address: 10', 'address: 65535', '65535', /power reaches beyond address 65535/],
  ['a bit beyond its register', 'type: u32', 'type: u16, bit: 16', '16 }', /bit 16 is beyond type u16, which has bits 0 to 15/],
  ['a bit beyond a value of one byte in each register', 'type: u32', 'type: b16, bit: 16', '16 }', /bit 16 is beyond type b16, which has bits 0 to 15/],
  ['a bit of a number with a power of ten', 'type: u32', 'type: e32, bit: 1', '1 }', /type e32 has no bits/],
  ['a flag beyond a value of one byte in each register', 'type: u32', 'type: b16, flags: [{ bit: 16, id: hot, message: too hot }]', '16, id', /bit 16 is beyond type b16/],
  ['a bit of a float', 'type: u32', 'type: f32, bit: 1', '1 }', /type f32 has no bits/],
  ['a bit twice', 'type: u32 }', 'type: u16, bit: 3 }\n  - { id: next, semantic: other, address: 10, bit: 3 }', '10, bit: 3 }\nexamples', /overlaps power \(input 10\)/],
  ['a bit beside the whole', 'type: u32 }', 'type: u16 }\n  - { id: next, semantic: other, address: 10, bit: 3 }', '10, bit: 3', /overlaps power \(input 10\)/],
  ['bits of values of different width', 'type: u32 }', 'type: u32, bit: 1 }\n  - { id: next, semantic: other, address: 10, bit: 3 }', '10, bit: 3', /overlaps power \(input 10\)/],
  ['a bit that is written', 'address: 0, unit', 'address: 0, bit: 2, unit', '{ min', /one bit of a register cannot be written/],
  ['a flag beyond its register', 'type: u32', 'type: u16, flags: [{ bit: 16, id: hot, message: too hot }]', '16, id', /bit 16 is beyond type u16/],
  ['a flag bit of a coil', 'table: input, address: 10, type: u32', 'table: coil, address: 10, type: bit, flags: [{ bit: 0, id: a, message: a }, { bit: 1, id: b, message: b }]', '1, id: b', /one bit already; leave bit out/],
  ['a flag twice', 'type: u32', 'type: u16, flags: [{ bit: 0, id: hot, message: a }, { bit: 1, id: hot, message: b }]', 'hot, message: b', /"hot" is listed twice/],
  ['two flags on one bit', 'type: u32', 'type: u16, flags: [{ bit: 3, id: hot, message: a }, { bit: 3, id: wet, message: b }]', '3, id: wet', /^bit 3 is already "hot": each flag has its own bit$/],
  ['two flags on the whole value', 'type: u32', 'type: u16, flags: [{ id: hot, message: a }, { id: wet, message: b }]', '{ id: wet', /^"hot" has no bit either: give each flag its own$/],
  ['a flag of the whole value behind one of a bit', 'type: u32', 'type: u16, flags: [{ bit: 3, id: hot, message: a }, { id: wet, message: b }]', '{ id: wet', /^this one has no bit, so it is the value as a whole, and "hot" has one: give every flag its bit/],
  ['a flag of a bit behind one of the whole value', 'type: u32', 'type: u16, flags: [{ id: hot, message: a }, { bit: 3, id: wet, message: b }]', '{ bit: 3', /^"hot" has no bit, so it is the value as a whole, and this one has/],
  ['a rate that no port can be set to', 'baud: 9600', 'baud: 9601', '9601', /^found 9601; allowed: 1200, 2400, 4800, 9600, .* or 921600$/],
  ['an example outside the range of its point', 'address: 0, unit', 'address: 0, range: [0, 39], unit', '40 }', /^40 is outside the range of level, 0 to 39, so it would never be used: correct the range or the example$/],
  ['a read of which nothing is expected', '{ level: 40 }', '{}', '{}', /^no example says what must come out of it: give one read its values, as \{ level: 40 \}$/],
  ['a write and no read', ACME.slice(ACME.indexOf('    request:')), `    request: ${hexOf(1, 6, 0, 0, 0, 9)}\n    response: ${hexOf(1, 6, 0, 0, 0, 9)}\n    expect: {}\n`, '{}', /^no example says what must come out of it/],
  ['a flag bit of a scaled number', 'type: u32', 'type: u16, scale: 0.1, flags: [{ bit: 1, id: hot, message: too hot }]', '1, id', /a register of flags has no scale/],
  ['a pattern below 0', 'type: u32', 'type: s16, invalid: [0x7FFF, -1]', '-1]', /-1 never occurs: .* 0 to 0xFFFF/],
  ['a pattern of a float as a number', 'type: u32', 'type: f32, invalid: [9999.5]', '9999.5', /9999.5 never occurs/],
  ['a pattern of 65 bits', 'type: u32', 'type: s64, invalid: [0x1FFFFFFFFFFFFFFFF]', '0x1FFFFFFFFFFFFFFFF', /0x7FFFFFFFFFFFFFFF/],
  ['a pattern wider than its register', 'type: u32', 'type: u32, invalid: [0xFFFFFFFF, 0x100000000]', '0x100000000', /never occurs/],
  ['a value longer than any read', 'trust: B', 'trust: B\nquirks: { maxReadRegisters: 1 }', '1 }', /power has 2 registers that must be read in one request/],
  ['a range of single registers the wrong way round', 'trust: B', 'trust: B\nquirks: { singleOnly: [[1, 1], [9, 8]] }', '[9, 8]', /must not exceed the second/],
  ['an enum of words', 'type: u32', 'type: u16, enum: { on: "is on" }', '"is on"', /"on" is no raw value/],
  ['a DALI curve of a signed number', 'address: 0, unit', 'address: 0, type: s16, transform: dali-log, unit', 'dali-log', /takes a whole u16/],
  ['light above 100 % on the DALI curve', 'unit: "%", write: { min: 0, max: 100 }', 'transform: dali-log, unit: "%", write: { min: 0, max: 254 }', '254', /254 does not fit/],
  ['a proof that does not exist', 'max: 100 }', 'max: 100, verify: level_now }', 'level_now', /no point "level_now"; there are: level, power/],
  ['a switch that does not exist', 'max: 100 }', 'max: 100, switchedBy: on }', 'on }', /no point "on"; there are: level, power/],
  ['a switch that is no coil', 'max: 100 }', 'max: 100, switchedBy: power }', 'power }', /"power" is in table input; a channel is switched by a coil/],
  ['a number written to a coil', 'max: 100 }', 'max: 100, table: coil }', 'coil', /table coil holds bits, found type u16/],
  ['an uptime that does not exist', 'trust: B', 'trust: B\nuptime: up', 'up\n', /no point "up"; there are: level, power/],
  ['an uptime that is never asked', 'trust: B', 'trust: B\nuptime: up', 'up\n', /never polled/, 'type: u32 }', 'type: u32 }\n  - { id: up, semantic: uptime, address: 20, poll: never }'],
  ['a group of a stranger', 'examples:', 'groups: [{ id: all, reach: bus, address: 0, sets: [level, lvl] }]\nexamples:', 'lvl', /no point "lvl"; there are: level/],
  ['a group of a meter', 'examples:', 'groups: [{ id: all, reach: bus, address: 0, sets: [power] }]\nexamples:', 'power] }', /"power" does not set a level/],
  ['a group of levels in a coil', 'examples:', 'groups: [{ id: all, reach: bus, table: coil, address: 0, sets: all }]\nexamples:', 'coil', /table coil does not take level, which is of type u16/],
  ['a group twice', 'examples:', 'groups: [{ id: a, reach: bus, address: 0 }, { id: a, reach: bus, address: 1 }]\nexamples:', 'a, reach: bus, address: 1', /"a" is listed twice/],
  ['a probe that expects nothing', 'examples:', 'identify: [{ address: 200 }]\nexamples:', '{ address: 200', /says what it expects/],
  ['a probe that expects two things', 'examples:', 'identify: [{ address: 200, oneOf: [[1]], text: A }]\nexamples:', '{ address: 200', /not both/],
  ['a probe that reads too little', 'examples:', 'identify: [{ address: 200, count: 2, text: ACME }]\nexamples:', 'ACME }', /"ACME" needs 4 registers, count is 2/],
  ['a probe of another length', 'examples:', 'identify: [{ address: 200, count: 2, oneOf: [[1, 2], [3]] }]\nexamples:', '[3]', /found 1 registers, count is 2/],
  ['a coil set up to 2', 'examples:', 'setup: [{ table: coil, address: 0, value: 2, why: x }]\nexamples:', '2, why', /a coil is 0 or 1, found 2/],
  ['a doubtful map without a word', 'trust: B', 'trust: C', 'C\nsources', /trust C needs `experimental:`/],
  ['no word on serial settings', 'serial: { baud: 9600 }\n', '', 'id: acme', /missing; needed: a section with the keys baud, parity/],
  ['registers of a uart device', 'trust: B', 'trust: B\ntransport: uart\ncodec: sds011\nuptime: level', 'level\n', /a uart device has no registers, so it cannot have uptime/],
  ['a repeated part twice as wide as its stride', 'examples:', 'repeat: [{ id: ch, count: 3, stride: 1, points: [{ id: energy, semantic: energy, address: 100, type: u32 }] }]\nexamples:', '100, type', /^overlaps ch0_energy \(input 100\)$/],
  ['a repeated part beyond the table', 'examples:', 'repeat: [{ id: ch, count: 9, stride: 9000, points: [{ id: energy, semantic: energy, address: 100 }] }]\nexamples:', '100 }] }]', /ch8_energy reaches beyond address 65535/],
  ['no point at all', ACME.slice(ACME.indexOf('points:'), ACME.indexOf('examples:')), 'points: []\n', '[]', /at least one point/],
  ['not YAML', 'serial: {', 'serial: {{', '{{', /not YAML/],
];

for (const [story, from, to, mark, message, from2 = '', to2 = ''] of broken) {
  t.test(`refused with its place: ${story}`, async (t) => {
    t.ok(ACME.includes(from), 'the mistake is in');
    const text = ACME.replace(from, to).replace(from2, to2);
    const [before] = text.split(mark);
    const lines = (before as string).split('\n');
    try {
      loadAcmeProfile(text);
      t.fail('it was taken');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [first] = error.problems;
      t.match(first?.message, message);
      t.match(first, { file: 'acme.yaml', line: lines.length, column: (lines.at(-1) as string).length + 1 }, error.message);
    }
  });
}

t.test('all mistakes are reported together, with readable paths', async (t) => {
  const text = ACME.replace('type: u32', 'type: u48').replace('max: 100', 'max: many').replace('trust: B', 'trust: Z');
  t.throws(() => loadAcmeProfile(text), /acme\.yaml:5:8: trust: .*\n.*points\[0\]\.write\.max: .*\n.*points\[1\]\.type: /);
});

t.test('parts that do not depend on an unknown word are still checked', async (t) => {
  const problemsOf = (...changes: [from: string, to: string][]): string[] => {
    try {
      loadAcmeProfile(changes.reduce((text, [from, to]) => text.replace(from, to), ACME));
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${String(message).slice(0, 40)}`);
    }
    return ['taken'];
  };
  const doubt = 'trust: a map of trust C needs `experimental:` and';
  t.strictSame(
    problemsOf(
      ['trust: B', 'trust: C'],
      ['model: Lamp', 'model: Lamp\ncolour: red'],
      ['B8 5A', 'B8 5B'],
      ['semantic: power', 'semantic: powr'],
    ),
    [
      'colour: unknown key "colour"; allowed here: id, ',
      doubt.slice(0, 47),
      'points[1].semantic: found "powr"; did you mean "power"? Allo',
      'examples[0].response: found checksum B8 5B; the right one of t',
    ],
  );
  const wrongValue = 'examples[0].expect.level: expected 41, but it decodes to 40';
  t.strictSame(
    problemsOf(['type: u32', 'type: u23'], ['level: 40', 'level: 41']).slice(1),
    [wrongValue],
    'a point that is sound is decoded',
  );
  t.strictSame(problemsOf(['unit: "%"', 'scael: 10'], ['level: 40', 'level: 400']).length, 1, 'a point that may mean another scale is not');
  t.strictSame(
    problemsOf(['table: input, address: 10', 'tabel: input, address: 0'], ['trust: B', 'trust: C']).length,
    2,
    'no overlap made up',
  );
  t.strictSame(
    problemsOf(['trust: B', 'trust: C\nexperimentl: two manuals']).length,
    1,
    'a misspelt key stands for the one that was meant',
  );
  t.match(problemsOf(['model: Lamp', 'modl: Lamp'], ['trust: B', 'trust: C']).length, 2, 'nothing more where a key is missing');
});

t.test('a profile without examples may be tried, and not be used', async (t) => {
  const text = ACME.slice(0, ACME.indexOf('examples:'));
  t.throws(() => loadAcmeProfile(text), /acme\.yaml:1:1: examples: give at least one exchange .*luciole bus read/);
  t.match(loadProfile({ file: 'acme.yaml', text }, readPlacedYaml, 'trial'), { id: 'acme-lamp', examples: [] });
});

t.test('a device that is only ever written is proved by a write, and a value that its device cannot have is none', async (t) => {
  const write = `    request: ${hexOf(1, 6, 0, 0, 0, 9)}\n    response: ${hexOf(1, 6, 0, 0, 0, 9)}\n    expect: {}\n`;
  const never = ACME.replace('type: u32', 'type: u32, poll: never').replace('address: 0,', 'address: 0, poll: never,');
  t.match(loadAcmeProfile(never.slice(0, never.indexOf('    request:')) + write), { id: 'acme-lamp' });
  const invalid = ACME.replace('address: 0,', 'address: 0, range: [0, 39], invalid: [40],').replace('level: 40', 'level: null');
  t.match(loadAcmeProfile(invalid), { id: 'acme-lamp' });
});

t.test('a value has as many decimals as its scale and offset, unless the profile specifies otherwise', async (t) => {
  const scales: [said: string, decimals: number, value: number][] = [
    ['', 0, 40],
    ['scale: 10,', 0, 400],
    ['scale: 0.1,', 1, 4],
    ['scale: 0.01,', 2, 0.4],
    ['scale: 0.025,', 3, 1],
    ['scale: -0.25,', 2, -10],
    ['scale: 1e-9,', 6, 0],
    ['offset: -0.5,', 1, 39.5],
    ['scale: 0.1, decimals: 0,', 0, 4],
    ['decimals: 2,', 2, 40],
    ['scale: 0.1, offset: 0.25,', 2, 4.25],
  ];
  for (const [said, decimals, value] of scales) {
    const text = ACME.replace('address: 0, unit: "%", write: { min: 0, max: 100 }', `address: 0, ${said} unit: x`).replace(
      'level: 40',
      `level: ${value}`,
    );
    t.match(loadAcmeProfile(text).points[0], { decimals }, said);
  }
});

t.test('a pattern of 64 bits is kept to its last bit, in any way of writing it', async (t) => {
  const written: [pattern: string, kept: number | string][] = [
    ['0x7FFFFFFFFFFFFFFF', '0x7fffffffffffffff'],
    ['"0x7FFFFFFFFFFFFFFF"', '0x7fffffffffffffff'],
    ['0xFFFFFFFFFFFFFFFF', '0xffffffffffffffff'],
    ['9223372036854775807', '0x7fffffffffffffff'],
    ['9007199254740993', '0x20000000000001'],
    ['9007199254740991', 9_007_199_254_740_991],
    ['0xFFFFFFFF', 0xffff_ffff],
    ['"0xFFFFFFFF"', 0xffff_ffff],
  ];
  for (const [pattern, kept] of written) {
    const { points } = loadAcmeProfile(ACME.replace('type: u32', `type: s64, invalid: [${pattern}]`));
    t.same(points[1]?.invalid, [kept], pattern);
    t.same(JSON.parse(JSON.stringify(points)), points, 'also in the package, as JSON');
  }
});

t.test('a device may leave the factory only with a rate that a line can be set to', async (t) => {
  const rates = /baud.*\| (1200, .* or 921600) \|/.exec(readFileSync(new URL('../../docs/cabinet.md', import.meta.url), 'utf8'))?.[1];
  t.throws(() => loadAcmeProfile(ACME.replace('baud: 9600', 'baud: 1')), {
    message: `acme.yaml:8:17: serial.baud: found 1; allowed: ${rates}`,
  });
});

t.test('a refusal names file, line, column, path and what to do', async (t) => {
  const complaint = (from: string, to: string): string => {
    try {
      loadAcmeProfile(ACME.replace(from, to));
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
    }
    return 'taken';
  };
  t.equal(
    complaint('address: 10', 'address: 10, bit: 40'),
    'acme.yaml:11:67: points[1].bit: bit 40 is beyond type u32, which has bits 0 to 31',
  );
  t.equal(
    complaint('table: input, address: 10', 'table: holding, address: 0'),
    'acme.yaml:11:60: points[1].address: overlaps level (holding 0)',
  );
  t.equal(
    complaint('sources:\n  - Acme, manual of the lamp\n', 'sources: []\n'),
    'acme.yaml:6:10: sources: found an empty list; allowed: a list of at least one entry that says where the registers are known from',
  );
  t.equal(complaint('level: 40', 'level: 41'), 'acme.yaml:16:22: examples[0].expect.level: expected 41, but it decodes to 40');
});

function hexOf(...bytes: number[]): string {
  const crc = crcBitwise(Buffer.from(bytes));
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]).toString('hex');
}
