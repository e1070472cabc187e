import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenedStores } from './open-stores.suite.ts';

/** Windows of budgets at moments that a test cannot wait for. */
export function describeBudgetWindows(name: string, open: () => Promise<OpenedStores>): void {
  describe(`windows of budgets: ${name}`, () => {
    let stores: OpenedStores;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(() => stores.close());

    const windowOf = async (period: string, timeZone: string, at: number): Promise<(number | null)[]> => {
      const [row] = await stores.database.connections.lend((sql) =>
        sql.query<{ starts_at: number; ends_at: number }>('select * from holdfast.window_of($1, $2, $3)', [
          period,
          timeZone,
          at,
        ]),
      );
      return [row?.starts_at ?? null, row?.ends_at ?? null];
    };

    test.each([
      // The day begins at one o'clock: its midnight is skipped.
      ['day', 'Africa/Cairo', '2024-04-26T12:00Z', '2024-04-25T22:00Z', '2024-04-26T21:00Z'],
      ['day', 'Africa/Cairo', '2024-04-26T22:00Z', '2024-04-26T21:00Z', '2024-04-27T21:00Z'],
      ['month', 'Asia/Beirut', '2024-03-31T12:00Z', '2024-02-29T22:00Z', '2024-03-31T21:00Z'],
      // 25 and 23 hours.
      ['day', 'Europe/Berlin', '2024-10-27T12:00Z', '2024-10-26T22:00Z', '2024-10-27T23:00Z'],
      ['day', 'Europe/Berlin', '2024-03-31T12:00Z', '2024-03-30T23:00Z', '2024-03-31T22:00Z'],
      ['month', 'UTC', '2024-02-29T23:59Z', '2024-02-01T00:00Z', '2024-03-01T00:00Z'],
      ['hour', 'Asia/Kathmandu', '2024-02-29T12:00Z', '2024-02-29T11:15Z', '2024-02-29T12:15Z'],
    ])('a %s in %s at %s', async (period, timeZone, at, starts, ends) => {
      expect(await windowOf(period, timeZone, Date.parse(at))).toEqual([Date.parse(starts), Date.parse(ends)]);
    });
  });
}
