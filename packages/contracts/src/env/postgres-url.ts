/** scheme, login, hosts, and the rest */
const FORM = /^(postgres(?:ql)?:\/\/)([^/?#]*@)?([^/?#]*)(.*)$/s;

/**
 * The URL of each host that a URL in libpq's form names: `postgres://user:secret@a:5432,b/holdfast` has two. Of others,
 * itself.
 */
export function urlsOfHosts(url: string): readonly string[] {
  const [, scheme = '', login = '', hosts, rest = ''] = FORM.exec(url) ?? [];
  return hosts === undefined ? [url] : hosts.split(',').map((host) => `${scheme}${login}${host}${rest}`);
}

/** Whether it is a URL of Postgres, of one or several hosts. */
export const isPostgresUrl = (url: string): boolean =>
  /^postgres(ql)?:\/\/./.test(url) && urlsOfHosts(url).every((one) => URL.canParse(one));
