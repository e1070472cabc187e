import { describe, expect, it } from 'vitest';
import { isPostgresUrl, urlsOfHosts } from './postgres-url.ts';

describe('a URL of Postgres', () => {
  it.each([
    ['postgres://u:p@a:5432/db', ['postgres://u:p@a:5432/db']],
    ['postgres://u:p,@a:1,b:2/db?x=1,2', ['postgres://u:p,@a:1/db?x=1,2', 'postgres://u:p,@b:2/db?x=1,2']],
    ['postgresql://a,b,[::1]:5', ['postgresql://a', 'postgresql://b', 'postgresql://[::1]:5']],
    ['postgres:///db?host=/run/postgresql', ['postgres:///db?host=/run/postgresql']],
  ])('%s names its hosts', (url, urls) => {
    expect(urlsOfHosts(url)).toEqual(urls);
    expect(isPostgresUrl(url)).toBe(true);
  });

  it.each(['postgres://', 'postgres://a:1,b:port/db', 'mysql://a/b', 'a,b'])('%s is none', (url) => {
    expect(isPostgresUrl(url)).toBe(false);
  });
});
