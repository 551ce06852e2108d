import { msg } from '../../core/message.ts';
import { type CabinetDraft, given, type Index, unknownName } from './draft.ts';
import type { Finding } from './finding.ts';

/**
 * Returns findings about poles, branches and neighbours, such as unknown names or branches that leave from each other. Empty if there are
 * none.
 */
export function checkStreet(draft: CabinetDraft, index: Index): Finding[] {
  const { poles, branches, known } = index;
  return [
    ...poles.flatMap(({ value, path }) =>
      unknownName({ what: 'branch', id: value.branch, known: known.branches, path: [...path, 'branch'] }),
    ),
    ...branches.flatMap(({ value, path }) => unknownName({ what: 'pole', id: value.from, known: known.poles, path: [...path, 'from'] })),
    ...checkLoops(index),
    ...checkNeighbours(draft, index),
  ];
}

/** A branch must lead back to the main street, otherwise its poles have no distance to the rest. */
function checkLoops({ branches, poles }: Index): Finding[] {
  const streetOf = new Map(poles.map(({ value }) => [value.id, given(value, 'branch', null)]));
  const parentOf = new Map(branches.map(({ value }) => [value.id, streetOf.get(value.from) ?? null]));
  return branches.flatMap(({ value: { id, from }, path }): Finding[] => {
    if (id === undefined || from === undefined) return [];
    const way = [id];
    for (let next = parentOf.get(id); typeof next === 'string' && !way.includes(next); next = parentOf.get(next)) way.push(next);
    // Reported once, at the first branch of the ring.
    const isRing = parentOf.get(way.at(-1)) === id;
    const isFirst = branches.find(({ value }) => value.id !== undefined && way.includes(value.id))?.value.id === id;
    if (!isRing || !isFirst) return [];
    const quoted = way.map((each) => `"${each}"`);
    const message =
      way.length === 1
        ? msg`pole "${from}" is on branch "${id}" itself; write the pole of the street from which the branch leaves`
        : msg`branches ${quoted.slice(0, -1)} and ${quoted.at(-1) ?? ''} leave from each other; let one of them leave from a pole of the main street`;
    return [{ path: [...path, 'from'], message }];
  });
}

/** Neighbours are reached through the uplink, by the names of their edge nodes. */
function checkNeighbours(draft: CabinetDraft, { neighbours, known }: Index): Finding[] {
  const uplink = given(draft, 'uplink', null);
  const own = uplink === undefined || uplink === null ? undefined : given(uplink, 'node', draft.cabinet?.id);
  const alone = msg`neighbours are reached through the uplink, and there is none; write uplink, or leave neighbours out`;
  return [
    ...(neighbours.length > 0 && uplink === null ? [{ path: ['neighbours'], message: alone }] : []),
    ...neighbours.flatMap(({ value, path }) => [
      ...unknownName({ what: 'pole', id: value.pole, known: known.poles, path: [...path, 'pole'] }),
      ...(value.node !== undefined && value.node === own
        ? [{ path: [...path, 'node'], message: msg`"${value.node}" is this cabinet itself; write the edge node of the other one` }]
        : []),
    ]),
  ];
}
