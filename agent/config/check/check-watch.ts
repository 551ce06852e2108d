import { msg } from '../../core/message.ts';
import { splitPointId } from '../../core/point-id.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import { type Named, repeatedBy } from './check-names.ts';
import { type CabinetDraft, type Index, placed, unknownName, unknownZones } from './draft.ts';
import type { Finding } from './finding.ts';

const CONTACTS = ['supply', 'breaker', 'leakage'] as const;

/** Returns what is wrong with the section `watch`, such as an unknown zone, or a zone in two feeders; empty if nothing is found. */
export function checkWatchSection({ watch }: CabinetDraft, { known, outputs }: Index): Finding[] {
  const feeders = placed(watch?.feeders, ['watch', 'feeders']);
  const outputIds = new Set(outputs.flatMap(({ value: { id } }) => id ?? []));
  const ids = feeders.map(({ value, path }): Named => ({ id: value.id, path: [...path, 'id'] }));
  const zones = feeders.flatMap(({ value, path }) =>
    placed(value.zones, [...path, 'zones']).map((zone): Named => ({ id: zone.value, path: zone.path })),
  );
  return [
    ...placed(watch?.loadMeters, ['watch', 'loadMeters']).flatMap(({ value, path }) =>
      unknownName({ what: 'device', id: value, known: known.devices, path }),
    ),
    ...repeatedBy(ids, (id) => msg`there are two feeders "${id}"`),
    ...repeatedBy(zones, (id) => msg`zone "${id}" is fed twice; a lamp has one feeder`),
    ...feeders.flatMap(({ value, path }) => [
      ...unknownZones(value.zones, [...path, 'zones'], known.zones),
      ...(value.output == null || outputIds.has(value.output)
        ? []
        : [
            {
              path: [...path, 'output'],
              message: msg`unknown output "${value.output}"${didYouMean(value.output, outputIds, msg`; there are: ${listNames(outputIds)}`)}`,
            },
          ]),
      ...CONTACTS.flatMap((contact) =>
        unknownName({
          what: 'device',
          id: value[contact] == null ? undefined : splitPointId(value[contact]).deviceId,
          known: known.devices,
          path: [...path, contact],
        }),
      ),
    ]),
  ];
}
