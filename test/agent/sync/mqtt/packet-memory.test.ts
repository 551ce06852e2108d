import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { generate } from 'mqtt-packet';
import t from 'tap';
import { createMqttTransport } from '../../../../agent/sync/mqtt/mqttjs-transport.ts';

const LENGTHS = 1_500;
/** Node's own pieces are as large. */
const BETWEEN_BYTES = 65_536;
const MB = 1_000_000;
const MOST_MB = 10;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Memory of buffers is given back by a thread of its own, some time after the collection; at the start there is hardly any. */
const COLLECTIONS = { first: 30, last: 300 };

/** The buffers that are referred to, once what is not has been given back: below `enoughBytes`, or after many collections. */
async function bufferBytes(collections: number, enoughBytes = 0): Promise<number> {
  for (let turn = 0; turn < collections; turn += 1) {
    collect();
    await new Promise(setImmediate);
    if (process.memoryUsage().arrayBuffers < enoughBytes) break;
  }
  return process.memoryUsage().arrayBuffers;
}

t.test('the codec of the uplink keeps a few bytes for each length of a packet, not the memory around them', async (t) => {
  createMqttTransport();
  const before = await bufferBytes(COLLECTIONS.first);
  for (let length = 1; length <= LENGTHS; length += 1) {
    generate({ cmd: 'publish', topic: 't', payload: Buffer.alloc(length), qos: 0, dup: false, retain: false });
    // What else a process does before a packet has this length for the first time.
    for (let bytes = 0; bytes < BETWEEN_BYTES; bytes += 512) Buffer.allocUnsafe(512);
  }
  const keptMb = ((await bufferBytes(COLLECTIONS.last, before + MOST_MB * MB)) - before) / MB;
  t.ok(keptMb < MOST_MB, `${keptMb.toFixed(1)} MB are kept for ${LENGTHS} lengths`);
});
