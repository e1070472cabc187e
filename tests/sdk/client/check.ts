/** Throws when it is not so. The suite runs in a browser too, where there is no test framework. */
export function check(so: boolean, what: string): asserts so {
  if (!so) throw new Error(`not so: ${what}`);
}

export function same(found: unknown, expected: unknown, what: string): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: expected ${other}, found ${one}`);
}

/** What the work failed with. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
