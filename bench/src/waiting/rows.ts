import { setTimeout as pause } from 'node:timers/promises';
import type { Owner } from '../load/owner.ts';

/** Ids as the product makes them: UUIDv7, in the order of time. */
const newIds = `
  create temp table copies as
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint - $1 + n) from 3)
        from 1 for 6),
      52, 1), 53, 1), 'hex')::uuid as id
  from generate_series(1, $1::integer) as n`;

/** The tables that hold what a waiting run is, each with the column of its id. */
const tables = { runs: 'id', run_events: 'run_id', due: 'subject' } as const;

/** Makes so many runs like this one, as the owner of the tables: the API would need minutes. */
export async function cloneRun(owner: Owner, run: string, count: number): Promise<void> {
  await owner.query('drop table if exists copies');
  // A utility statement takes no parameters.
  await owner.query(newIds.replaceAll('$1', String(count)));
  for (const [table, id] of Object.entries(tables)) {
    const { rows } = await owner.query<{ name: string }>(
      `select attname as name from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attname <> $2`,
      [`holdfast.${table}`, id],
    );
    const others = rows.map(({ name }) => name).join(', ');
    await owner.query(
      `insert into holdfast.${table} (${id}, ${others})
       select c.id, ${others} from copies c cross join holdfast.${table} t where t.${id} = $1`,
      [run],
    );
  }
  // What autovacuum would do a little later.
  for (const table of Object.keys(tables)) await owner.query(`vacuum analyze holdfast.${table}`);
  await owner.query('checkpoint');
}

/**
 * So many of the copies end their wait soon, at moments spread evenly. The time stands in the log, from which a worker reads
 * it, and in the row that says when somebody must look.
 */
export async function dueSoon(
  owner: Owner,
  { runs, inMs, overMs }: { readonly runs: number; readonly inMs: number; readonly overMs: number },
): Promise<void> {
  await owner.query('begin');
  await owner.query(
    `create temp table woken on commit preserve rows as
     select id as run, holdfast.now_ms() + ${inMs} + (${overMs} * n / ${runs})::bigint as until
     from (select id, row_number() over (order by id) as n from (select id from copies order by random() limit ${runs}) c) d`,
  );
  await owner.query(
    `update holdfast.run_events e set payload = regexp_replace(e.payload, '"until":\\d+', '"until":' || w.until)
     from woken w where e.run_id = w.run and e.type = 'wait.began'`,
  );
  await owner.query(`update holdfast.due d set at = w.until from woken w where d.kind = 'run' and d.subject = w.run`);
  await owner.query('commit');
}

/** From the time it was due to the event that ended the wait, of each, ms. @throws Error when one still waits after 30 s. */
export async function wakeDelays(owner: Owner, runs: number): Promise<readonly number[]> {
  const until = performance.now() + 30_000;
  for (;;) {
    const { rows } = await owner.query<{ delay: number }>(
      `select (e.at - w.until)::integer as delay from woken w
       join holdfast.run_events e on e.run_id = w.run and e.type = 'wait.ended'`,
    );
    if (rows.length === runs) return rows.map(({ delay }) => delay);
    if (performance.now() > until) throw new Error(`${runs - rows.length} of ${runs} runs still wait`);
    await pause(500);
  }
}
