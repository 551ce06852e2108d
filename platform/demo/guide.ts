/** The text that the demo prints when readings have arrived. */

/** What the text of `demoGuide` shows of this run of the demo. */
export interface DemoPlaces {
  readonly databaseUrl: string;
  readonly brokerUrl: string;
  /** From the start of the demo until each cabinet has a reading. */
  readonly seconds: number;
  /** Lines with the names of processes and their ids. */
  readonly processes: readonly string[];
}

/** The SQL statements that the text of `demoGuide` proposes, in one string, each with `;` at its end. One of them sends a command. */
export const FIRST_QUERIES = `  select * from cabinet;
  select cabinet, device, quantity, value, unit, quality, time from reading
    where cabinet = 'demo-1' order by time desc limit 20;
  select cabinet, device, round(avg(value)) as watts from reading
    where quantity = 'power' and quality = 'good'
    and time > now() - interval '5 minutes' group by 1, 2 order by 1, 2;
  select * from lamp where cabinet = 'demo-1' order by device;
  select * from event order by started_at desc;
  insert into command (cabinet, device, metrics)
    values ('demo-1', 'rue', '{"Override/Level": 80, "Override/Minutes": 5}');
  select id, state, reason from command;`;

/** Returns the text: queries for a second terminal, a command, and what may be stopped. */
export function demoGuide({ databaseUrl, brokerUrl, seconds, processes }: DemoPlaces): string {
  return `
Readings of three cabinets are in PostgreSQL, ${seconds.toFixed(0)} s after the start. In a second terminal:

  psql ${databaseUrl}

${FIRST_QUERIES}

The same command from the command line, which waits for its end:

  npm run platform -- command demo-1/rue Override/Level=80 Override/Minutes=5 \\
    --database ${databaseUrl}

Each part may be ended (kill -9) or stopped (kill -STOP, kill -CONT); what
happens is reported here:

${processes.map((line) => `  ${line}`).join('\n')}

The broker is ${brokerUrl}; its topics begin with spBv1.0/Demo.
All tables: docs/city-database.md. Ctrl-C ends everything and removes the data.
`;
}
