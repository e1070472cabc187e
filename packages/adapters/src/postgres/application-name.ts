/** Postgres cuts what is longer. */
const LONGEST = 63;

/** As `pg_stat_activity` shows it. What tells processes apart stands at the end of the instance, so its beginning is cut. */
export function applicationName(program: string, instance: string | undefined, direct: boolean): string {
  const name = direct ? `${program}-direct` : program;
  return instance === undefined ? name : `${name} ${instance.slice(-(LONGEST - name.length - 1))}`;
}
