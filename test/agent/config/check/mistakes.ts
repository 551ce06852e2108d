/** One slip each in the small street, and every problem that must be told of it: `line:column: path: message`. */
export type Mistake = [story: string, changes: [from: string, to: string][], problems: string[]];
const LAMP_2 = '{ id: L02, ratedPowerW: 60, minPct: 10 }';
export const SITE = 'latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: Europe/Paris';
const ID = '1 to 32 letters, digits, ".", "_" or "-", the first a letter or digit';
const TIME =
  'dusk, middle (of the night), a time of day from "00:00" to "23:59", or minutes from a sun event: "sunset+30", "dawn-20", "middle-120"';
const DARK = 'lamps[1].id: lamp "L02" is in no zone and would never be lit; add it to the lamps of a zone';

// biome-ignore format: a table
export const keysAndTypes: Mistake[] = [
  ['a misspelt key', [['programme: residential\n    presence', 'programe: residential\n    presence']], [`22:5: zones[0].programme: missing; needed: ${ID}`, '24:5: zones[0].programe: unknown key "programe"; did you mean "programme"?']],
  ['a key from nowhere', [['port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    colour: red']], ['5:5: lines[0].colour: unknown key "colour"; allowed here: id, kind, port, serial, rs485, broadcast, maxWritesPerS, devices']],
  ['a key every object has', [['group: Angers', 'group: Angers\n  __proto__: { a: 1 }']], ['38:3: uplink.__proto__: unknown key "__proto__"; allowed here: broker, otherBrokers, protocol, group, node, primaryHost, username, passwordFile, caFile, certFile, keyFile, keepaliveS, birthJitterS, proof, aliases, datatypeInData, conformance, dailyMegabytes']],
  ['a missing key', [['    port: /dev/ttyUSB0\n', '']], ['3:5: lines[0].port: missing; needed: a path']],
  ['a key without value', [['port: /dev/ttyUSB0', 'port:']], ['4:10: lines[0].port: found nothing; allowed: a path']],
  ['text for a section', [['presence: { sensors: [{ device: S01 }], reachM: 40 }', 'presence: yes']], ['25:15: zones[0].presence: found "yes"; allowed: a section with the keys sensors, boostPct, holdS, rampUpS, rampDownS, reachM, alsoLamps, maxBoostS, wave, relayedPct']],
  ['text for a list', [['lamps: [L02]', 'lamps: L02']], ['27:12: zones[1].lamps: found "L02"; allowed: a list with at least 1 entry']],
  ['a level with a fraction', [['levelPct: 30', 'levelPct: 30.5']], ['33:34: programmes[0].steps[1].levelPct: found 30.5; allowed: a whole number from 0 to 100']],
  ['a level above full', [['levelPct: 30', 'levelPct: 130.5']], ['33:34: programmes[0].steps[1].levelPct: found 130.5; allowed: a whole number from 0 to 100']],
  ['a quoted number', [['levelPct: 30', 'levelPct: "30"']], ['33:34: programmes[0].steps[1].levelPct: found "30": write it without quotes; allowed: a whole number from 0 to 100']],
  ['a decimal comma', [['47.4736', '"47,4736"']], ['1:54: cabinet.latitudeDeg: found "47,4736": write a decimal point; allowed: a number from -90 to 90']],
  ['not a number at all', [['atM: 25', 'atM: .nan']], ['17:21: poles[1].atM: found NaN; allowed: a number from 0 to 100000']],
  ['a number for an id', [['id: place', 'id: 12']], [`26:9: zones[1].id: found 12, a number: write it in quotes; allowed: ${ID}`]],
  ['an id with a blank', [['id: place', 'id: la place']], [`26:9: zones[1].id: found "la place"; allowed: ${ID}`]],
  ['an id that is a property of every object', [['id: place', 'id: __proto__']], [`26:9: zones[1].id: found "__proto__"; allowed: ${ID}`]],
  ['an odd baud rate and odd stop bits', [['kind: uart', 'kind: uart\n    serial: { baud: 9601, stopBits: 3 }']], ['12:21: lines[1].serial.baud: found 9601; allowed: 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 256000, 460800 or 921600', '12:37: lines[1].serial.stopBits: found 3; allowed: 1 or 2']],
  ['an MQTT version nobody speaks', [['group: Angers', 'group: Angers\n  protocol: 4']], ['38:13: uplink.protocol: found 4; allowed: 5 or 3.1.1']],
  ['a metrics file that the exporter would not read', [['group: Angers', 'group: Angers\nservice: { metricsFile: /run/luciole.txt }']], ['38:25: service.metricsFile: found "/run/luciole.txt"; allowed: an absolute path that ends in .prom']],
  ['a revision key that is none', [['group: Angers', 'group: Angers\ntrust: { revisionKeys: [{ id: office, key: "AAAA" }] }']], ['38:44: trust.revisionKeys[0].key: found "AAAA"; allowed: an Ed25519 public key in base64, 44 or 60 characters, as `luciole config keygen` prints it']],
  ['a unit beyond 247', [['unit: 31', 'unit: 248']], ['9:26: lines[0].devices[3].unit: found 248; allowed: a whole number from 1 to 247']],
  ['a time beyond the day', [['"23:00"', '"25:00"']], [`33:15: programmes[0].steps[1].at: found "25:00"; allowed: ${TIME}`]],
  ['a time in English', [['"23:00"', '7pm']], [`33:15: programmes[0].steps[1].at: found "7pm": write "19:00"; allowed: ${TIME}`]],
  ['a time in French', [['"23:00"', '22h30']], [`33:15: programmes[0].steps[1].at: found "22h30": write "22:30"; allowed: ${TIME}`]],
  ['a time as a number', [['"23:00"', '2300']], [`33:15: programmes[0].steps[1].at: found 2300: write "23:00"; allowed: ${TIME}`]],
  ['no steps', [['steps:\n      - { at: dusk, levelPct: 100 }\n      - { at: "23:00", levelPct: 30 }\n      - { at: "06:00", levelPct: 100 }', 'steps: []']], ['31:12: programmes[0].steps: found an empty list; allowed: a list with at least 1 entry']],
];

// biome-ignore format: a table
export const nameMistakes: Mistake[] = [
  ['two lines of one id', [['id: air', 'id: north']], ['10:9: lines[1].id: there are two lines "north" (the other is in line 3)']],
  ['two devices of one id on two lines', [['id: AIR1', 'id: L01']], ['14:15: lines[1].devices[0].id: there are two devices "L01" (the other is in line 6)']],
  ['two devices that differ by case', [['id: M01', 'id: s01']], ['9:15: lines[0].devices[3].id: device "s01" differs from "S01" only in upper and lower case (the other is in line 8)']],
  ['two poles of one id', [['id: P02, atM', 'id: P01, atM'], [', pole: P02', ', pole: P01']], ['17:11: poles[1].id: there are two poles "P01" (the other is in line 16)']],
  ['two lamps of one id', [[LAMP_2, '{ id: L01, device: L02, ratedPowerW: 60 }'], ['[L02]', '[L01]']], ['20:11: lamps[1].id: there are two lamps "L01" (the other is in line 19)', '20:11: lamps[1].id: "L01" is also the id of a device that does not drive this lamp; the platform could not tell them apart (the other is in line 6)', '27:13: zones[1].lamps[0]: lamp "L01" is already in a zone; a lamp belongs to one: take it out of the other (the other is in line 23)']],
  ['two zones of one id', [['id: place', 'id: rue']], ['26:9: zones[1].id: there are two zones "rue" (the other is in line 22)']],
  ['two revision keys of one id, one in two spellings, one with stray bits', [['group: Angers', 'group: Angers\ntrust:\n  revisionKeys:\n    - { id: a, key: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" }\n    - { id: A, key: "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" }\n    - { id: b, key: "22qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURp=" }']], ['41:13: trust.revisionKeys[1].id: there are two revision keys "a" (the other is in line 40)', '41:21: trust.revisionKeys[1].key: this revision key stands twice; each person needs a key of their own (the other is in line 40)', '42:21: trust.revisionKeys[2].key: no Ed25519 public key; copy the line that `luciole config keygen` printed']],
  ['the machine\'s socket where consoles log in', [['group: Angers', 'group: Angers\nconsole: { socketPath: /run/luciole-console/x.sock }']], ['38:24: console.socketPath: "/run/luciole-console/x.sock" is where consoles log in, and this socket asks for no login: leave it out, or write /run/luciole/agent.sock']],
  ['the same by another way', [['group: Angers', 'group: Angers\nconsole: { socketPath: "/var/run/luciole//../luciole-console/agent.sock" }']], ['38:24: console.socketPath: "/var/run/luciole//../luciole-console/agent.sock" is where consoles log in, and this socket asks for no login: leave it out, or write /run/luciole/agent.sock']],
  ['two programmes of one id', [['uplink:', '  - id: residential\n    steps: [{ at: dusk, levelPct: 1 }]\nuplink:']], ['35:9: programmes[1].id: there are two programmes "residential" (the other is in line 30)']],
  ['a zone named like a lamp', [['id: place', 'id: L01']], ['26:9: zones[1].id: "L01" is also the id of a lamp; the platform could not tell them apart (the other is in line 19)']],
  ['a zone named like a device', [['id: place', 'id: m01']], ['26:9: zones[1].id: "m01" is also the id of a device; the platform could not tell them apart (the other is in line 9)']],
  ['a unit twice on a line', [['unit: 31', 'unit: 21']], ['9:26: lines[0].devices[3].unit: unit 21 stands twice on line "north"; each device of a line needs its own (the other is in line 8)']],
  ['two lines on a port', [['/dev/ttyUSB1', '/dev/ttyUSB0']], ['12:11: lines[1].port: port "/dev/ttyUSB0" already belongs to another line; one line owns a port (the other is in line 4)']],
  ['an unknown lamp in a zone', [['[L02]', '[L2]']], [`20:11: ${DARK}`, '27:13: zones[1].lamps[0]: unknown lamp "L2"; did you mean "L02"?']],
  ['a lamp in two zones', [['[L02]', '[L02, L01]']], ['27:18: zones[1].lamps[1]: lamp "L01" is already in a zone; a lamp belongs to one: take it out of the other (the other is in line 23)']],
  ['a lamp in no zone', [['  - id: place\n    lamps: [L02]\n    programme: residential\n', '']], [`20:11: ${DARK}`]],
  ['a zone that cannot be read darkens nobody', [['lamps: [L02]', 'lamps: [2]']], [`27:13: zones[1].lamps[0]: found 2, a number: write it in quotes; allowed: ${ID}`]],
  ['an unknown programme', [['programme: residential', 'programme: residental']], ['24:16: zones[0].programme: unknown programme "residental"; did you mean "residential"?']],
  ['an unknown sensor', [['device: S01', 'device: S02']], ['25:37: zones[0].presence.sensors[0].device: unknown sensor device "S02"; did you mean "S01"?']],
  ['an unknown pole, nothing near', [['pole: P02', 'pole: rond-point']], ['7:63: lines[0].devices[1].pole: unknown pole "rond-point"; there are: P01, P02']],
  ['an unknown device behind a lamp', [[LAMP_2, '{ id: B, device: driver, pole: P02, ratedPowerW: 60 }'], ['[L02]', '[B]']], ['20:22: lamps[1].device: unknown device "driver"; there are: L01, L02, S01, M01, AIR1']],
  ['a lamp of no device', [['{ id: L02, unit', '{ id: D02, unit']], ['20:11: lamps[1].id: unknown device "L02"; did you mean "L01"?']],
  ['a device that cannot be read is not guessed', [[LAMP_2, '{ id: B, device: 7, pole: P02, ratedPowerW: 60 }'], ['[L02]', '[B]']], [`20:22: lamps[1].device: found 7, a number: write it in quotes; allowed: ${ID}`]],
  ['two lamps on one point', [[LAMP_2, '{ id: B, device: L01, ratedPowerW: 60 }'], ['[L02]', '[B]']], ['20:22: lamps[1].device: "L01.level" already drives another lamp (the other is in line 19)']],
  ['a lamp without a pole', [[', pole: P02', '']], ['20:5: lamps[1]: this lamp has no pole, nor has its device "L02"; give one of them a pole']],
  ['a sensor twice', [['[{ device: S01 }]', '[{ device: S01 }, { device: S01 }]']], ['25:54: zones[0].presence.sensors[1].device: sensor "S01.motion" stands twice in this zone (the other is in line 25)']],
  ['a sensor without a pole to reach from', [['device: S01', 'device: M01']], ['25:37: zones[0].presence.sensors[0].device: device "M01" has no pole, so reachM cannot be measured from it; give it a pole or leave reachM out']],
];

// biome-ignore format: a table
export const values: Mistake[] = [
  ['a modbus device without unit', [['unit: 31, ', '']], ['9:9: lines[0].devices[3].unit: missing; needed on a modbus line: a whole number from 1 to 247']],
  ['a uart device with a unit', [['{ id: AIR1,', '{ id: AIR1, unit: 3,']], ['14:27: lines[1].devices[0].unit: a device on a uart line has no unit; leave it out, or make the line kind modbus']],
  ['two devices on a uart line', [['nova-sds011 }', 'nova-sds011 }\n      - { id: AIR2, profile: nova-sds011 }']], ['14:7: lines[1].devices: found 2 devices; a uart line has exactly one']],
  ['a uart line of nobody', [['poles:', '  - { id: spare, kind: uart, port: /dev/x, devices: [] }\npoles:']], ['15:53: lines[2].devices: found 0 devices; a uart line has exactly one']],
  ['a modbus line that does not say who is on it', [['poles:', '  - { id: spare, port: /dev/x }\npoles:']], ['15:5: lines[2].devices: missing; needed: a list']],
  ['a port of the web', [['port: /dev/ttyUSB0', 'port: http://10.0.0.5']], ['4:11: lines[0].port: found "http://10.0.0.5"; allowed: a device file, tcp://host:port or rtu+tcp://host:port']],
  ['a serial server without its port', [['port: /dev/ttyUSB0', 'port: rtu+tcp://10.0.0.5']], ['4:11: lines[0].port: found "rtu+tcp://10.0.0.5"; allowed: rtu+tcp://host:port; a serial server has no usual port, so it must be given']],
  ['serial settings on Modbus TCP', [['port: /dev/ttyUSB0', 'port: tcp://10.0.0.5\n    serial: { baud: 19200 }\n    rs485: {}']], ['5:13: lines[0].serial: has no effect with tcp://, the gateway has its own settings; leave it out', '6:12: lines[0].rs485: has no effect with tcp://; leave it out']],
  ['rs485 on a serial server', [['port: /dev/ttyUSB0', 'port: rtu+tcp://10.0.0.5:4001\n    serial: { baud: 19200 }\n    rs485: {}']], ['6:12: lines[0].rs485: has no effect with rtu+tcp://, the serial server switches the direction; leave it out']],
  ['two lines on an endpoint', [['/dev/ttyUSB0', 'rtu+tcp://GW:4001'], ['/dev/ttyUSB1', 'rtu+tcp://gw:4001/']], ['12:11: lines[1].port: port "rtu+tcp://gw:4001" already belongs to another line; one line owns a port (the other is in line 4)']],
  ['Modbus TCP for a device that speaks none', [['/dev/ttyUSB1', 'tcp://10.0.0.5']], ['12:11: lines[1].port: found tcp:// on a uart line, which speaks no Modbus; a serial server that passes bytes on is rtu+tcp://host:port']],
  ['7 data bits on modbus', [['port: /dev/ttyUSB0', 'port: /dev/ttyUSB0\n    serial: { dataBits: 7 }']], ['5:25: lines[0].serial.dataBits: found 7; a modbus line needs 8']],
  ['minPct above maxPct', [['minPct: 10', 'minPct: 60, maxPct: 50']], ['20:41: lamps[1].minPct: minPct 60 lies above maxPct 50']],
  ["a lamp that cannot reach its zone's minimum", [['minPct: 10', 'maxPct: 9']], ['20:41: lamps[1].maxPct: maxPct 9 lies below minPct 10 of zone "place"; write maxPct 10 or more, or minPct 9 or less for the zone']],
  ['the same where the zone says its minimum', [['minPct: 10', 'maxPct: 50'], ['[L02]', '[L02]\n    minPct: 60']], ['20:41: lamps[1].maxPct: maxPct 50 lies below minPct 60 of zone "place"; write maxPct 60 or more, or minPct 50 or less for the zone']],
  ['a boost below the minimum', [['reachM: 40', 'boostPct: 9']], ["25:55: zones[0].presence.boostPct: boostPct 9 lies below the zone's minPct 10; presence would never show"]],
  ['two steps at once', [['"23:00"', '"06:00"']], ['34:15: programmes[0].steps[2].at: two steps at "06:00"; keep one']],
  ['steps out of the order of the night', [['"23:00"', '"07:00"']], ['34:15: programmes[0].steps[2].at: "06:00" comes after "07:00"; write the steps in the order of the night, from noon to noon']],
  ['a night that does not begin', [['at: dusk', 'at: "18:00"']], ['32:15: programmes[0].steps[0].at: found "18:00" first; the first step of a night is at dusk']],
  ['dusk twice', [['"23:00"', 'dusk']], ['33:15: programmes[0].steps[1].at: found dusk after another step; dusk comes first, and once']],
  ['a broker on the web', [['mqtt://', 'http://']], ['36:11: uplink.broker: found "http://127.0.0.1:1883"; allowed: mqtt://host:port or mqtts://host:port']],
  ['a password in the address, which is not repeated', [['mqtt://', 'mqtt://me:secret@']], ['36:11: uplink.broker: found a user or password in the address; write username and passwordFile instead']],
  ['certificates without encryption', [['group: Angers', 'group: Angers\n  caFile: /ca.pem']], ['38:11: uplink.caFile: has no effect with mqtt://; write mqtts:// in broker, or leave it out']],
  ['half a client certificate', [['mqtt:', 'mqtts:'], ['group: Angers', 'group: Angers\n  certFile: /c.pem\n  passwordFile: /p']], ['38:13: uplink.certFile: needs keyFile beside it', '39:17: uplink.passwordFile: needs username beside it']],
  ['a latitude beyond the pole', [[SITE, 'latitudeDeg: 139.7, longitudeDeg: 35.7, timezone: Asia/Tokyo']], ['1:54: cabinet.latitudeDeg: found 139.7; allowed: a number from -90 to 90; latitude and longitude look swapped']],
  ['a longitude beyond the globe', [['-0.5541', '-190']], ['1:77: cabinet.longitudeDeg: found -190; allowed: a number from -180 to 180']],
  ['Angers swapped', [[SITE, 'latitudeDeg: -0.5541, longitudeDeg: 47.4736, timezone: Europe/Paris']], ['1:54: cabinet.latitudeDeg: latitude -0.5541 and longitude 47.4736 look swapped: Europe/Paris lies elsewhere, and fits the other way round']],
  ['New York swapped', [[SITE, 'latitudeDeg: -74, longitudeDeg: 40.7, timezone: America/New_York']], ['1:54: cabinet.latitudeDeg: latitude -74 and longitude 40.7 look swapped: America/New_York lies elsewhere, and fits the other way round']],
  ['a city for a time zone', [['Europe/Paris', 'Paris']], ['1:96: cabinet.timezone: unknown time zone "Paris"; did you mean "Europe/Paris"?']],
  ['a misspelt time zone', [['Europe/Paris', 'Europe/Pari']], ['1:96: cabinet.timezone: unknown time zone "Europe/Pari"; did you mean "Europe/Paris"?']],
  ['an offset for a time zone', [['Europe/Paris', '"+01:00"']], ['1:96: cabinet.timezone: unknown time zone "+01:00"; allowed: an IANA name such as Europe/Paris']],
];
