import SqliteDatabase from 'better-sqlite3';
import pg from 'pg';

/** What the writers look at afterwards. */
export interface Contents {
  customerByEmail: ReadonlyMap<string, CustomerRow>;
  /** By customer id, the joined groups as the wire shows them: descending, with commas. */
  groupsById: ReadonlyMap<number, string>;
}

interface CustomerRow {
  id: number;
  normalized_email: string;
  given_name: string;
  phone: string | null;
}

/** Reads customers and memberships behind the back of whatever serves them. */
export async function readContents(url: string): Promise<Contents> {
  return withDatabase(url, async (select) => {
    const customers = await select<CustomerRow>('select id, normalized_email, given_name, phone from customers');
    const memberships = await select<{ customer_id: number; group_id: number }>(
      'select customer_id, group_id from memberships order by group_id desc',
    );
    const groupsById = new Map<number, string>();
    for (const { customer_id: id, group_id: group } of memberships) {
      const earlier = groupsById.get(id);
      groupsById.set(id, earlier === undefined ? String(group) : `${earlier},${group}`);
    }
    return { customerByEmail: new Map(customers.map((row) => [row.normalized_email, row])), groupsById };
  });
}

/** Rows that must not exist, whatever was killed when: each query names those that break a rule. */
const rules: Record<string, string> = {
  'every customer was created exactly once': `
    select customer_id from outbox where type = 'customer.created' group by customer_id having count(*) > 1
    union all select id from customers where id not in (select customer_id from outbox where type = 'customer.created')`,
  'every event tells of a customer': `
    select id from outbox where customer_id not in (select id from customers)`,
  'every customer has a history': `
    select id from customers where id not in (select customer_id from history)`,
  'every history row belongs to a customer': `
    select id from history where customer_id not in (select id from customers)`,
  'every consent belongs to a customer': `
    select id from consent_records where customer_id not in (select id from customers)`,
  'every event has the history rows of its request': `
    select id from outbox where not exists (
      select 1 from history where history.customer_id = outbox.customer_id and history.request_id = outbox.request_id)`,
  'every change in the history has the event of its request': `
    select id from history where field <> 'signedIn' and not exists (
      select 1 from outbox where outbox.customer_id = history.customer_id and outbox.request_id = history.request_id)`,
  'each change in the history begins where the one before it ended': `
    select id from (
      select id, before, lag(after) over (partition by customer_id, field order by id) as earlier,
        row_number() over (partition by customer_id, field order by id) as place
      from history where field <> 'signedIn') as changes
    where place > 1 and before is distinct from earlier`,
  'the history ends with the name that the customer has': `
    select customers.id from customers join (
      select customer_id, after, row_number() over (partition by customer_id order by id desc) as place
      from history where field = 'givenName') as names on names.customer_id = customers.id and names.place = 1
    where names.after <> '"' || customers.given_name || '"'`,
  'the last consent of each customer and group agrees with the membership': `
    select said.customer_id from (
      select customer_id, subject, is_given,
        row_number() over (partition by customer_id, subject order by id desc) as place
      from consent_records where subject like 'newsletter:%') as said
    where place = 1 and is_given <> (
      select count(*) from memberships
      where memberships.customer_id = said.customer_id and 'newsletter:' || memberships.group_id = said.subject)`,
  'no membership is without consent': `
    select customer_id from memberships where not exists (
      select 1 from consent_records where consent_records.customer_id = memberships.customer_id
        and consent_records.subject = 'newsletter:' || memberships.group_id)`,
  'whoever signed up has a password, a session and their groups': `
    select id from customers where normalized_email like 'new.%' and (password_hash is null
      or id not in (select customer_id from sessions)
      or (select count(*) from memberships where customer_id = customers.id) <> 2)`,
  'whom the platform created has a link, an address and an agreed digest': `
    select id from customers where normalized_email like 'link.%' and (
      id not in (select customer_id from addresses)
      or id not in (select customer_id from loyalty_links where spaaza_user_id is not null and last_hash is not null))`,
  'links, addresses, sessions and memberships belong to customers': `
    select customer_id from (
      select customer_id from loyalty_links union all select customer_id from addresses
      union all select customer_id from sessions union all select customer_id from memberships) as parts
    where customer_id not in (select id from customers)`,
  'debtor numbers are given once, and the counter is not below the highest': `
    select debtor_number from customers group by debtor_number having count(*) > 1
    union all select max(debtor_number) from customers
      having max(debtor_number) > (select cast(value as integer) from settings where name = 'debtor_number')`,
};

/** Which rules the database breaks, with up to five of the rows; empty for a sound one. */
export async function findHalfWritten(url: string): Promise<string[]> {
  return withDatabase(url, async (select) => {
    const findings: string[] = [];
    for (const [rule, query] of Object.entries(rules)) {
      const rows = await select(query);
      if (rows.length > 0) findings.push(`not true: ${rule}: ${rows.length} rows, ${JSON.stringify(rows.slice(0, 5))}`);
    }
    if (!url.startsWith('sqlite:')) return findings;
    for (const row of await select<object>('pragma integrity_check')) {
      const verdict = String(Object.values(row)[0]);
      if (verdict !== 'ok') findings.push(`integrity_check: ${verdict}`);
    }
    for (const row of await select('pragma foreign_key_check')) findings.push(`foreign key: ${JSON.stringify(row)}`);
    return findings;
  });
}

type Select = <Row>(sql: string) => Promise<Row[]>;

/** Runs work with a connection of its own, on a database that a node may be serving meanwhile. */
export async function withDatabase<T>(url: string, work: (select: Select) => Promise<T>): Promise<T> {
  if (url.startsWith('sqlite:')) {
    const connection = new SqliteDatabase(url.slice('sqlite:'.length));
    try {
      return await work(async <Row>(sql: string) => connection.prepare<[], Row>(sql).all());
    } finally {
      connection.close();
    }
  }
  // Ids are bigint and far below 2^53, counts likewise.
  const getTypeParser = (oid: number, format?: 'text' | 'binary') =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format as 'text');
  const client = new pg.Client({ connectionString: url, types: { getTypeParser } as pg.CustomTypesConfig });
  await client.connect();
  try {
    return await work(async <Row>(sql: string) => (await client.query(sql)).rows as Row[]);
  } finally {
    await client.end();
  }
}
