/** The words and patterns that `npm run -s prose` reports, each with what to write instead. */

/** Programs, devices and files: what has, sends and reports, but neither knows nor speaks. */
const SOFTWARE = [
  'agents?|stores?|lines?|platforms?|consoles?|brokers?|units?|devices?|programs?|process(?:es)?|files?|cabinets?|machines?|sessions?',
  'kernel|tables?|drivers?|profiles?|hosts?|uplink|clients?|servers?|lamps?|meters?|sensors?|gateways?|clock|network|rows?|log|pages?',
  'commands?|scripts?|sockets?|bus|ports?|queues?|caches?|databases?|librar(?:y|ies)|terminals?|threads?|releases?|packages?|services?',
  'systemd|node|mqtt\\.js|sqlite|runs?|starts?|tests?|rules?|birth|messages?|answers?|repl(?:y|ies)|events?|counters?|requests?|parts?',
].join('|');
/** A verb at the beginning of a docstring, or of software. */
const ofSoftware = (verb: string): string =>
  `(?:^${verb[0]?.toUpperCase()}${verb.slice(1).replace('?', '')}|\\b(?:it|(?:${SOFTWARE})(?: (?:that|which))?|~+) (?:(?:itself|also|only|never|still|then) )?${verb})\\b`;

/** Shape: in `pattern` a blank stands for any blanks, a leading `^` for the beginning of a sentence, `~+` for code. Only with `^` do capitals count. */
export interface ProseRule {
  readonly name: string;
  readonly pattern: string;
  readonly advice: string;
  /** A sentence that the rule finds. */
  readonly example: string;
}

export const PROSE_RULES: readonly ProseRule[] = [
  {
    name: 'told',
    pattern: '\\btold\\b(?! (?:apart|from|otherwise)\\b)',
    advice: 'reported, logged, sent',
    example: 'What was lost is told once.',
  },
  { name: 'nobody', pattern: '\\bnobody\\b', advice: 'no client, no device; of people: no one', example: 'Null for nobody.' },
  { name: 'anew', pattern: '\\banew\\b', advice: 'again, new', example: 'The file is written anew.' },
  {
    name: 'whoever',
    pattern: '\\bwho(?:so)?ever\\b',
    advice: 'any client that, an operator who',
    example: 'The lock stops whoever has no key.',
  },
  { name: 'gladly', pattern: '\\bgladly\\b', advice: 'delete it, or give the limit', example: 'No operator waits longer gladly.' },
  { name: 'in vain', pattern: '\\bin vain\\b', advice: 'without a reply, without success', example: 'Three reads in vain.' },
  { name: 'as a rule', pattern: '\\bas a rule\\b', advice: 'usually', example: 'As a rule the reply is late.' },
  {
    name: 'taken back',
    pattern: '\\b(?:take[ns]?|took|taking) back\\b',
    advice: 'reverted, withdrawn',
    example: 'The revision is taken back.',
  },
  {
    name: 'kept away',
    pattern: '\\b(?:keeps?|kept) (?:\\w+ ){0,2}away\\b',
    advice: 'blocked, rejected, delayed',
    example: 'A hung disk keeps the agent away.',
  },
  {
    name: 'is there',
    pattern: "\\b(?:is|are|was|were)(?: not|n't| no longer)? there(?=[.,;:)]| ?$)",
    advice: 'missing, present, exists',
    example: 'Null where the file is not there.',
  },
  { name: 'called by', pattern: '^Called by\\b', advice: 'delete it: the imports say that', example: 'Called by the start.' },
  {
    name: 'starts with who',
    pattern: '^Who(?:m|se)?\\b(?=[^?]*?[.!])',
    advice: 'name the actor: the client that',
    example: 'Who answers is present.',
  },
  { name: 'starts with what of', pattern: '^What of\\b', advice: 'subject first', example: 'What of a zone is constant.' },
  {
    name: 'starts with of',
    pattern: '^Of (?:an?|the|what|all|each|any|its|this)\\b',
    advice: 'subject first: a device that',
    example: 'Of a device that falls silent nothing is known.',
  },
  {
    name: 'knows',
    pattern: ofSoftware('knows?'),
    advice: 'has, stores, supports, has learned',
    example: 'The line knows nothing of earlier replies.',
  },
  { name: 'hears', pattern: ofSoftware('hears?'), advice: 'receives', example: 'A console that hears nothing ends.' },
  {
    name: 'speaks',
    pattern: `${ofSoftware('speaks?')}(?! (?:MQTT|Modbus|TLS))`,
    advice: 'sends, uses, supports',
    example: 'The agent speaks to the broker.',
  },
  {
    name: 'tells',
    pattern: `${ofSoftware('tells?')}(?![^.;:,]{1,40} from\\b)`,
    advice: 'reports, logs, returns',
    example: 'Tells which rows are missing.',
  },
  { name: 'wants', pattern: ofSoftware('wants?'), advice: 'requests, requires', example: 'The platform wants the frame again.' },
];
