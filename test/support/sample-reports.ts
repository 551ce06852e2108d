/** Reports of each kind as a street would give them: one with everything in it, and one in which nothing is known. */
import { HOUR_MS } from '../../agent/core/durations.ts';
import { type Message, msg, type Said } from '../../agent/core/message.ts';
import type {
  Report,
  ReportBands,
  ReportBars,
  ReportCell,
  ReportColumn,
  ReportFigure,
  ReportHeat,
  ReportKind,
  ReportMap,
  ReportSection,
  ReportTable,
} from '../../agent/core/report.ts';
import type { Language } from '../../agent/core/words.ts';

const TIMEZONE = 'Europe/Paris';
const MADE_MS = Date.parse('2026-12-01T07:05:00Z');
const NIGHTS = Array.from({ length: 30 }, (_, at) => `2026-11-${String(at + 1).padStart(2, '0')}`);
const HOURS = Array.from({ length: 16 }, (_, at) => `${String((at + 17) % 24).padStart(2, '0')}:00`);
const LAMPS = Array.from({ length: 35 }, (_, at) => `L${String(at + 1).padStart(2, '0')}`);

/** A text that samples have in both languages; real reports have messages of the catalogue. */
type Texts = (en: string, fr: string) => Message;

function textsIn(language: Language): Texts {
  return (en, fr) => msg`${language === 'fr' ? fr : en}`;
}

/** A number between 0 and 1 that depends on its place only. */
function noise(at: number): number {
  const value = Math.sin(at * 12.9898 + 4.1414) * 43_758.5453;
  return value - Math.floor(value);
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

function column(id: string, title: Said, unit = '', decimals = 0): ReportColumn {
  return { id, title, unit, decimals };
}

function table(
  title: Message,
  columns: readonly ReportColumn[],
  rows: ReportTable['rows'],
  total: ReportTable['total'] = null,
): ReportTable {
  return { kind: 'table', title, columns, rows, total };
}

/** The sum of the numbers of each column, with a name in the first. */
function sumOf(name: Said, columns: readonly ReportColumn[], rows: ReportTable['rows']): readonly ReportCell[] {
  return columns.map(({ decimals }, at) => {
    if (at === 0) return name;
    const numbers = rows.flatMap((row) => (typeof row[at] === 'number' ? [row[at]] : []));
    return numbers.length === 0
      ? null
      : round(
          numbers.reduce((sum, value) => sum + value, 0),
          decimals,
        );
  });
}

/** Returns a report in which every part is filled, with texts in this language. */
export function fullReport(kind: ReportKind, language: Language = 'en'): Report {
  const t = textsIn(language);
  const parts = { night: nightParts, month: monthParts, savings: savingsParts, commission: commissionParts }[kind](t);
  const [from, to] = { night: ['2026-10-24', '2026-10-24'], commission: [null, null], month: null, savings: null }[kind] ?? [
    '2026-11-01',
    '2026-11-30',
  ];
  return {
    form: 'luciole-report-1',
    kind,
    cabinet: { id: 'ANG-0412', name: 'Quai de la Maine' },
    node: 'angers/ANG-0412',
    timezone: TIMEZONE,
    version: '0.1.0',
    madeMs: MADE_MS,
    isTimeTrusted: true,
    by: 'console:ada',
    from: from ?? null,
    to: to ?? null,
    source: { savings: null, acceptance: null },
    ...parts,
  };
}

/** Returns a report in which nothing is known: values are null, lists and texts empty. */
export function emptyReport(kind: ReportKind): Report {
  const full = fullReport(kind);
  const sections = full.sections.map((section) => ({ ...section, notes: [], parts: section.parts.map(withoutValues) }));
  const bare = { id: 'bare', title: msg`${'-'}`, notes: [], parts: full.sections.flatMap(({ parts }) => parts.map(withoutRows)) };
  return {
    ...full,
    cabinet: { id: 'c', name: '' },
    node: '',
    by: '',
    isTimeTrusted: false,
    from: null,
    to: null,
    figures: full.figures.map((figure) => ({ ...figure, value: null, half: null, note: null })),
    summary: [],
    sections: [...sections, bare, { id: 'nothing', title: msg`${'-'}`, notes: [], parts: [] }],
  };
}

type Part = ReportSection['parts'][number];

function withoutValues(part: Part): Part {
  const none = (values: readonly unknown[]): null[] => values.map(() => null);
  switch (part.kind) {
    case 'table':
      return { ...part, rows: part.rows.map(none), total: part.total === null ? null : none(part.total) };
    case 'bars':
      return { ...part, series: part.series.map((each) => ({ ...each, values: none(each.values) })), line: null, half: none(part.labels) };
    case 'bands':
      return { ...part, series: part.series.map((each) => ({ ...each, values: none(each.values) })) };
    case 'heat':
      return { ...part, values: part.values.map(none) };
    case 'map':
      return { ...part, poles: part.poles.map((pole) => ({ ...pole, value: null, mark: false, lamps: [] })) };
  }
}

function withoutRows(part: Part): Part {
  switch (part.kind) {
    case 'table':
      return { ...part, rows: [], total: null };
    case 'bars':
      return { ...part, labels: [], series: [], line: null, half: null };
    case 'bands':
      return { ...part, instants: [], series: [] };
    case 'heat':
      return { ...part, rows: [], columns: [], values: [] };
    case 'map':
      return { ...part, poles: [] };
  }
}

type Parts = Pick<Report, 'title' | 'figures' | 'summary' | 'sections'>;

function figure(id: string, label: Message, value: number | null, unit: string, more: Partial<ReportFigure> = {}): ReportFigure {
  return { id, label, value, half: null, unit, decimals: 0, note: null, ...more };
}

function monthParts(t: Texts): Parts {
  const used = NIGHTS.map((_, at) => round(14.5 + 5 * noise(at) + (at % 7 > 4 ? 4 : 0), 1)).map((value, at) => (at === 17 ? null : value));
  const reference = NIGHTS.map((_, at) => round(44.6 + at * 0.13, 1));
  const sum = (values: readonly (number | null)[]): number =>
    round(
      values.reduce<number>((all, value) => all + (value ?? 0), 0),
      1,
    );
  const [usedKwh, referenceKwh] = [sum(used), sum(reference.map((value, at) => (used[at] === null ? null : value)))];
  return {
    title: t('Monthly report, November 2026', 'Rapport mensuel, novembre 2026'),
    figures: monthFigures(t, usedKwh, referenceKwh),
    summary: [
      t(
        'The street used about a third of the energy that it would have used without dimming and presence detection.',
        "La rue a consommé environ un tiers de l'énergie qu'elle aurait consommée sans gradation ni détection de présence.",
      ),
      t(
        'Two lamps failed; both were repaired, on average after 31 hours.',
        'Deux luminaires sont tombés en panne ; ils ont été réparés en 31 heures en moyenne.',
      ),
      t(
        'One night was not measured: the meter was silent. It is in no sum.',
        "Une nuit n'a pas été mesurée : le compteur était muet. Elle n'est dans aucune somme.",
      ),
    ],
    sections: [
      {
        id: 'energy',
        title: t('Energy', 'Énergie'),
        notes: [t('Each night from noon to noon.', 'Chaque nuit de midi à midi.')],
        parts: [monthBars(t, used, reference), zoneTable(t), tariffTable(t), yearBars(t)],
      },
      { id: 'presence', title: t('Presence', 'Présence'), notes: [], parts: [presenceHeat(t)] },
      {
        id: 'failures',
        title: t('Failures and availability', 'Pannes et disponibilité'),
        notes: [t('Time to repair: mean 31 h, longest 52 h.', 'Délai de réparation : 31 h en moyenne, 52 h au plus.')],
        parts: [failureTable(t), streetMap(t)],
      },
      { id: 'lamps', title: t('Lamps', 'Luminaires'), notes: [], parts: [lampTable(t)] },
    ],
  };
}

function monthFigures(t: Texts, usedKwh: number, referenceKwh: number): readonly ReportFigure[] {
  return [
    figure('saved', t('Energy saved', 'Énergie économisée'), round(referenceKwh - usedKwh, 0), 'kWh', {
      half: 21,
      note: t('against the frozen reference of 2024', 'par rapport à la référence figée de 2024'),
    }),
    figure(
      'saved-share',
      t('Share of the reference', 'Part de la référence'),
      round((100 * (referenceKwh - usedKwh)) / referenceKwh, 1),
      '%',
      { half: 1.5, decimals: 1 },
    ),
    figure('used', t('Energy used', 'Énergie consommée'), round(usedKwh, 0), 'kWh', {
      note: t('98.6 % measured by the meter', '98,6 % mesurés par le compteur'),
    }),
    figure('cost', t('Cost', 'Coût'), 93.4, 'EUR', { decimals: 2, note: t('tariff of 1 February 2026', 'tarif du 1er février 2026') }),
    figure('co2', t('CO₂ avoided', 'CO₂ évité'), 52.1, 'kg', { decimals: 1, note: t('factor of 2025', 'facteur de 2025') }),
    figure('available', t('Availability of the light', "Disponibilité de l'éclairage"), 99.73, '%', { decimals: 2 }),
  ];
}

function monthBars(t: Texts, used: readonly (number | null)[], reference: readonly number[]): ReportBars {
  return {
    kind: 'bars',
    title: t('Energy by night against the reference', 'Énergie par nuit et référence'),
    unit: 'kWh',
    labels: NIGHTS,
    series: [{ title: t('used', 'consommée'), values: used }],
    line: { title: t('reference', 'référence'), values: reference },
    half: used.map((value, at) => (value === null ? null : round(0.4 + noise(at + 50), 2))),
  };
}

function zoneTable(t: Texts): ReportTable {
  const columns = [
    column('zone', t('Zone', 'Zone')),
    column('lamps', t('Lamps', 'Luminaires')),
    column('reference', t('Reference', 'Référence'), 'kWh', 1),
    column('used', t('Used', 'Consommée'), 'kWh', 1),
    column('saved', t('Saved', 'Économisée'), 'kWh', 1),
    column('detection', t('Detection', 'Détection'), '%', 1),
    column('dp', 'D_P', 'W/(lx·m²)', 3),
    column('de', 'D_E', 'kWh/m²', 3),
  ];
  const rows: ReportTable['rows'] = [
    ['quay', 18, 702.4, 231.8, 470.6, 14.2, 0.021, 0.184],
    ['bridge', 9, 412.9, 150.3, 262.6, 22.7, 0.026, 0.201],
    ['square', 8, 221.7, 101.9, 119.8, null, null, null],
  ];
  return table(t('Zones', 'Zones'), columns, rows, ['', 35, 1337, 484, 853, null, null, null]);
}

function tariffTable(t: Texts): ReportTable {
  const columns = [
    column('period', t('Tariff period', 'Poste tarifaire')),
    column('kwh', t('Energy', 'Énergie'), 'kWh', 1),
    column('price', t('Price', 'Prix'), 'EUR/kWh', 4),
    column('cost', t('Cost', 'Coût'), 'EUR', 2),
  ];
  const rows: ReportTable['rows'] = [
    ['HCH', 391.5, 0.1712, 67.02],
    ['HPH', 92.5, 0.2852, 26.38],
  ];
  return table(
    t('Cost by tariff period', 'Coût par poste tarifaire'),
    columns,
    rows,
    sumOf(t('All', 'Total'), columns, rows).map((cell, at) => (at === 2 ? null : cell)),
  );
}

function yearBars(t: Texts): ReportBars {
  const months = Array.from({ length: 12 }, (_, at) => `${at === 0 ? 2025 : 2026}-${String(((at + 11) % 12) + 1).padStart(2, '0')}`);
  const value = (at: number, base: number): number => round(base + 190 * Math.cos((at / 12) * 2 * Math.PI) + 20 * noise(at + base), 1);
  return {
    kind: 'bars',
    title: t('The last 12 months against the year before', "Les 12 derniers mois et l'année précédente"),
    unit: 'kWh',
    labels: months,
    series: [
      { title: t('this year', 'cette année'), values: months.map((_, at) => value(at, 420)) },
      { title: t('the year before', "l'année précédente"), values: months.map((_, at) => (at < 2 ? null : value(at, 860))) },
    ],
    line: null,
    half: null,
  };
}

function presenceHeat(t: Texts): ReportHeat {
  const values = NIGHTS.map((_, night) =>
    HOURS.map((_hour, hour) => {
      if (night === 17 && hour > 4) return null;
      const evening = Math.max(0, 60 - hour * 9) + (hour > 12 ? (hour - 12) * 11 : 0);
      return hour > 7 && hour < 11 ? Math.floor(3 * noise(night * 40 + hour) ** 4) : Math.round(evening * (0.4 + noise(night * 40 + hour)));
    }),
  );
  return {
    kind: 'heat',
    title: t('Detections by night and hour', 'Détections par nuit et par heure'),
    unit: '',
    rows: NIGHTS,
    columns: HOURS,
    values,
  };
}

function failureTable(t: Texts): ReportTable {
  const columns = [
    column('lamp', t('Lamp', 'Luminaire')),
    column('what', t('Failure', 'Panne')),
    column('from', t('From', 'Début')),
    column('to', t('Repaired', 'Réparée')),
    column('hours', t('Time to repair', 'Délai'), 'h', 1),
  ];
  return table(t('Failures', 'Pannes'), columns, [
    ['L07', t('does not answer', 'ne répond pas'), '2026-11-03', '2026-11-05', 52.2],
    ['L22', t('dark at a level of 80 %', 'éteint au niveau 80 %'), '2026-11-19', '2026-11-19', 9.8],
    ['L31', t('power too low', 'puissance trop faible'), '2026-11-28', null, null],
  ]);
}

function streetMap(t: Texts, marked: readonly string[] = ['P07', 'P31']): ReportMap {
  const poles = LAMPS.map((lamp, at) => {
    const street = at < 18 ? 'Quai des Carmes' : at < 27 ? 'Pont de Verdun' : 'Place de la Laiterie';
    const id = `P${lamp.slice(1)}`;
    return {
      id,
      street,
      atM: round(at * 27 + 6 * noise(at), 1),
      lamps: [lamp],
      value: at === 24 ? null : round(9 + 9 * noise(at + 7), 1),
      mark: marked.includes(id),
    };
  });
  return { kind: 'map', title: t('Energy by pole, and failures', 'Énergie par mât, et pannes'), unit: 'kWh', poles };
}

function lampTable(t: Texts): ReportTable {
  const columns = [
    column('lamp', t('Lamp', 'Luminaire')),
    column('pole', t('Pole', 'Mât')),
    column('zone', t('Zone', 'Zone')),
    column('kwh', t('Energy', 'Énergie'), 'kWh', 2),
    column('hours', t('Burning hours', 'Heures de fonctionnement'), 'h', 1),
    column('level', t('Mean level', 'Niveau moyen'), '%', 1),
    column('available', t('Available', 'Disponible'), '%', 2),
  ];
  const rows = LAMPS.map((lamp, at): readonly ReportCell[] => [
    lamp,
    `P${lamp.slice(1)}`,
    at < 18 ? 'quay' : at < 27 ? 'bridge' : 'square',
    at === 24 ? null : round(9 + 9 * noise(at + 7), 2),
    round(411 + noise(at), 1),
    round(38 + 12 * noise(at + 3), 1),
    at === 6 ? 87.35 : 100,
  ]);
  return table(
    t('Energy and hours by lamp', 'Énergie et heures par luminaire'),
    columns,
    rows,
    sumOf(t('All', 'Total'), columns.slice(0, 4), rows).concat([null, null, null]),
  );
}

/** The night on which the clocks are set back: the hour from 02:00 is twice. */
function nightParts(t: Texts): Parts {
  const startMs = Date.parse('2026-10-24T16:00:00Z');
  const instants = Array.from({ length: 61 }, (_, at) => startMs + at * (HOUR_MS / 4));
  const levels = [t('dark', 'éteint'), ...['10 %', '20 %', '40 %', '60 %', '80 %', '100 %']];
  const share = (level: number, at: number): number | null => {
    if (at === 60 || (at >= 30 && at < 32)) return null;
    const [raised, hour] = [Math.round(9 * noise(at) ** 2), at / 4];
    const counts =
      hour < 1 || hour > 13.5
        ? [35]
        : hour < 4
          ? [0, 0, 0, 0, 0, 35 - raised, raised]
          : hour < 11
            ? [0, 0, 26 - raised, 9, 0, raised]
            : [0, 0, 0, 0, 30 - raised, raised, 5];
    return counts[level] ?? 0;
  };
  const bands: ReportBands = {
    kind: 'bands',
    title: t('Lamps by level over the night', 'Luminaires par niveau au cours de la nuit'),
    unit: t('lamps', 'luminaires').toString(),
    instants,
    series: levels.map((title, level) => ({ title, values: instants.map((_, at) => share(level, at)) })),
  };
  const columns = [
    column('level', t('Level', 'Niveau')),
    column('hours', t('Lamp hours', 'Heures-luminaires'), 'h', 1),
    column('share', t('Share', 'Part'), '%', 1),
  ];
  const rows: ReportTable['rows'] = [
    ['20 %', 172.3, 41.2],
    ['40 %', 68.5, 16.4],
    ['80 %', 177.9, 42.4],
  ];
  return {
    title: t('Report of one night', "Rapport d'une nuit"),
    figures: [
      figure('saved', t('Energy saved', 'Énergie économisée'), 29.8, 'kWh', { half: 1.1, decimals: 1 }),
      figure('used', t('Energy used', 'Énergie consommée'), 15.2, 'kWh', { decimals: 1 }),
      figure('detections', t('Detections', 'Détections'), 1_412, ''),
    ],
    summary: [t('The clocks were set back in this night: it had 15 hours.', "Changement d'heure cette nuit : elle a eu 15 heures.")],
    sections: [
      {
        id: 'levels',
        title: t('Levels', 'Niveaux'),
        notes: [t('Half an hour is not known: the agent was restarted.', "Une demi-heure est inconnue : l'agent a redémarré.")],
        parts: [bands, table(t('Hours by level', 'Heures par niveau'), columns, rows, sumOf(t('All', 'Total'), columns, rows))],
      },
      {
        id: 'presence',
        title: t('Presence', 'Présence'),
        notes: [],
        parts: [{ ...presenceHeat(t), rows: ['quay', 'bridge', 'square'], values: presenceHeat(t).values.slice(15, 18) }],
      },
      { id: 'failures', title: t('Failures', 'Pannes'), notes: [], parts: [failureTable(t)] },
    ],
  };
}

function savingsParts(t: Texts): Parts {
  const { figures, sections } = monthParts(t);
  const columns = [
    column('step', t('Step', 'Étape')),
    column('kwh', t('Energy', 'Énergie'), 'kWh', 1),
    column('half', '± (90 %)', 'kWh', 1),
  ];
  const rows: ReportTable['rows'] = [
    [t('Reference with mean nights', 'Référence, nuits moyennes'), 1_297.6, 19.4],
    [t('Routine: hours of darkness', "Ajustement périodique : heures d'obscurité"), 62.3, null],
    [t('Ledger 4: two lamps added, console:ada', 'Registre 4 : deux luminaires ajoutés, console:ada'), 22.1, null],
    [t('Ledger 6: <b>market</b> of 12 November', 'Registre 6 : <b>marché</b> du 12 novembre'), -45, null],
    [t('Adjusted reference', 'Référence ajustée'), 1_337, 19.4],
    [t('Measured', 'Mesurée'), -477.2, 4.8],
    [t('Estimated', 'Estimée'), -6.8, 1.9],
  ];
  const hours = [
    column('night', t('Night', 'Nuit')),
    column('meter', t('Meter', 'Compteur')),
    column('why', t('Reason', 'Raison')),
    column('wh', t('Estimated', 'Estimée'), 'Wh'),
    column('half', '± (90 %)', 'Wh'),
  ];
  return {
    title: t('Proven savings, November 2026', 'Économies prouvées, novembre 2026'),
    figures: figures.slice(0, 3),
    summary: [t('The saving is larger than twice its standard error.', "L'économie dépasse deux fois son erreur type.")],
    sections: [
      ...sections.slice(0, 1).map((section) => ({ ...section, parts: section.parts.slice(0, 1) })),
      {
        id: 'model',
        title: t('From the reference to the saving', "De la référence à l'économie"),
        notes: [
          t(
            'CV(RMSE) 0.61 %, NMBE 0.12 %, each night judged by the nights before it.',
            'CV(RMSE) 0,61 %, NMBE 0,12 %, chaque nuit jugée par les nuits qui la précèdent.',
          ),
        ],
        parts: [table(t('Parts of the saving', "Composition de l'économie"), columns, rows, [t('Saved', 'Économisée'), 853, 21.1])],
      },
      {
        id: 'gaps',
        title: t('What was not measured', "Ce qui n'a pas été mesuré"),
        notes: [t('The night of 18 November is missing.', 'La nuit du 18 novembre manque.')],
        parts: [table(t('Gaps', 'Lacunes'), hours, [['2026-11-09', 'M1', t('meter silent', 'compteur muet'), 6_812, 1_904]])],
      },
    ],
  };
}

function commissionParts(t: Texts): Parts {
  const columns = [
    column('lamp', t('Lamp', 'Luminaire')),
    column('pole', t('Pole', 'Mât')),
    column('w20', t('at 20 %', 'à 20 %'), 'W', 1),
    column('w60', t('at 60 %', 'à 60 %'), 'W', 1),
    column('w100', t('at 100 %', 'à 100 %'), 'W', 1),
    column('rated', t('Rated', 'Nominale'), 'W'),
    column('cos', 'cos phi', '', 2),
    column('settled', t('Settled', 'Stabilisé'), 's', 1),
    column('driver', t('Driver', 'Pilote')),
    column('result', t('Result', 'Résultat')),
  ];
  const rows = LAMPS.slice(0, 12).map((lamp, at): readonly ReportCell[] =>
    at === 6
      ? [lamp, 'P07', null, null, null, 60, null, null, null, t('failed: no answer', 'échec : pas de réponse')]
      : [
          lamp,
          `P${lamp.slice(1)}`,
          round(12 + noise(at), 1),
          round(35.5 + noise(at), 1),
          round(59.5 + noise(at), 1),
          60,
          0.97,
          round(1 + noise(at), 1),
          `SN24${at}0917`,
          t('passed', 'réussi'),
        ],
  );
  const map = streetMap(t, ['P07']);
  return {
    title: t('Acceptance of the installation', "Réception de l'installation"),
    figures: [
      figure('lamps', t('Lamps passed', 'Luminaires reçus'), 11, '', { note: t('of 12', 'sur 12') }),
      figure('failed', t('Lamps failed', 'Luminaires refusés'), 1, ''),
      figure('open', t('Open points', 'Points ouverts'), 2, ''),
    ],
    summary: [
      t(
        'L07 does not answer. Check its supply and the wire to pole P07.',
        "L07 ne répond pas. Vérifier l'alimentation et le fil vers le mât P07.",
      ),
    ],
    sections: [
      {
        id: 'lamps',
        title: t('Lamps', 'Luminaires'),
        notes: [],
        parts: [table(t('Ramp of each lamp', 'Rampe de chaque luminaire'), columns, rows)],
      },
      {
        id: 'street',
        title: t('Street', 'Rue'),
        notes: [],
        parts: [{ ...map, title: t('Measured power at 100 %', 'Puissance mesurée à 100 %'), unit: 'W', poles: map.poles.slice(0, 12) }],
      },
    ],
  };
}
