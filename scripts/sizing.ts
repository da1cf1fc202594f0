/** What one run of measure-storage.ts found. */
export interface StorageMeasure {
  database: 'sqlite' | 'postgres';
  customers: number;
  /** Rows of one customer in the tables that grow with use. */
  rows: Record<string, number>;
  /** Bytes of each table with its indexes. */
  bytes: Record<string, number>;
  /** CPU milliseconds of one password check. */
  hashCpuMs: number;
}

/** What the sizing is computed for, and what it supposes of the customers. */
const sizes = [10_000, 1_000_000, 100_000_000];
const signInsPerYear = 12;
const requestsPerSignIn = 20;
/** Share of a day's sign-ins in its busiest hour, and how far the busiest seconds stand above that hour's mean. */
const peakHourShare = 0.15;
const peakFactor = 3;
/** PostgreSQL's pages after updates are fuller of the past than freshly loaded ones. */
const bloat = 1.5;

/** Tables that requests read; the others are written, and read by people. */
const hotTables = ['customers', 'customer_words', 'addresses', 'loyalty_links', 'memberships', 'sessions'];

const titles: Record<string, string> = {
  customers: 'the customer',
  customer_words: 'a word to find them by',
  addresses: 'the address',
  loyalty_links: 'the loyalty link',
  memberships: 'newsletter groups (0 to 2)',
  sessions: 'a session',
  history: 'a history entry',
  outbox: 'an event in the outbox',
  consent_records: 'a consent record',
};

/** The tables of docs/scaling.md between its two marks, from the largest measurement of each database. */
export function renderSizing(measures: readonly StorageMeasure[]): string {
  const sqlite = largest(measures, 'sqlite');
  const postgres = largest(measures, 'postgres');
  const rows = (name: string): number => sqlite.rows[name] ?? 1;
  const perRow = (measure: StorageMeasure, name: string): number => bytesOf(measure, [name]) / rows(name);
  const unitLines = Object.entries(titles).map(([name, title]) => [
    title,
    String(rows(name)),
    grouped(perRow(sqlite, name)),
    grouped(perRow(postgres, name)),
  ]);
  const whole = (measure: StorageMeasure): number => bytesOf(measure, Object.keys(titles));
  const total = ['**all of a customer**', '', bold(whole(sqlite)), bold(whole(postgres))];
  const sizeLines = sizes.map((customers) => {
    const peak = peakSignIns(customers);
    return [
      grouped(customers),
      inBytes(customers * whole(sqlite)),
      inBytes(customers * whole(postgres) * bloat),
      inBytes(customers * bytesOf(postgres, hotTables) * bloat),
      inBytes(customers * signInsPerYear * perRow(postgres, 'history')),
      rate(peak),
      fewest((peak * sqlite.hashCpuMs) / 1000),
      rate(peak * requestsPerSignIn),
    ];
  });
  return [
    `Measured with ${grouped(sqlite.customers)} customers on SQLite and ${grouped(postgres.customers)} on PostgreSQL, ` +
      'in bytes per row with its share of all indexes:',
    markdown(['', 'rows', 'SQLite', 'PostgreSQL'], [...unitLines, total]),
    `One password check takes ${sqlite.hashCpuMs} ms of one CPU on the machine of the measurement. From these, for customers ` +
      `who sign in ${signInsPerYear} times a year and make ${requestsPerSignIn} requests each time, ` +
      `${peakHourShare * 100} % of a day's sign-ins in its busiest hour and ${peakFactor} times that hour's mean in its busiest ` +
      `seconds; PostgreSQL with ${bloat} times the bytes of freshly loaded tables:`,
    markdown(
      [
        'customers',
        'SQLite file',
        'PostgreSQL disk',
        'of it read by requests',
        'history more each year',
        'sign-ins/s at the peak',
        'CPUs that hash then',
        'requests/s then',
      ],
      sizeLines,
    ),
  ].join('\n\n');
}

/** Sign-ins per second in the busiest seconds of a day. */
export function peakSignIns(customers: number): number {
  const perDay = (customers * signInsPerYear) / 365;
  return ((perDay * peakHourShare) / 3600) * peakFactor;
}

/** Bytes of one customer in these tables. */
function bytesOf({ bytes, customers }: StorageMeasure, tables: readonly string[]): number {
  return tables.reduce((sum, name) => sum + (bytes[name] ?? 0), 0) / customers;
}

function largest(measures: readonly StorageMeasure[], database: StorageMeasure['database']): StorageMeasure {
  const [found] = measures.filter((measure) => measure.database === database).toSorted(byCustomers);
  if (found === undefined) throw new Error(`There is no measurement of ${database}`);
  return found;
}

const byCustomers = (a: StorageMeasure, b: StorageMeasure): number => b.customers - a.customers;

function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...lines.map(line)].join('\n');
}

function inBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${rate(bytes / 1000 ** power)} ${units[power]}`;
}

/** Two digits that count, and no more than the suppositions allow for. */
function rate(value: number): string {
  return value >= 100 ? grouped(Number(value.toPrecision(2))) : String(Number(value.toPrecision(2)));
}

function fewest(value: number): string {
  return value < 0.01 ? 'under 0.01' : rate(value);
}

function bold(value: number): string {
  return `**${grouped(value)}**`;
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en');
}
