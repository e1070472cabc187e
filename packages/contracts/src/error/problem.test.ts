import { describe, expect, it } from 'vitest';
import { errorCodes, isErrorCode, runFailureCodes, startupCodes } from './error-codes.ts';
import { remedies } from './remedies.ts';
import { HoldfastError, problem, problemOf } from './problem.ts';

describe('a problem document', () => {
  it('says kind, status and page by its code, and what happened by its detail', () => {
    const error = new HoldfastError('run_ended', 'The run succeeded an hour ago.');
    expect(problemOf(error, '/v1/runs/1/messages')).toEqual({
      type: '/errors/run_ended',
      title: 'Run has ended',
      status: 409,
      detail: 'The run succeeded an hour ago.',
      code: 'run_ended',
      instance: '/v1/runs/1/messages',
    });
    expect(error.status).toBe(409);
  });

  it('carries places and further members, which cannot change the fixed ones', () => {
    const errors = [{ path: '/name', message: 'too long', expected: 'at most 63 characters' }];
    const error = new HoldfastError('validation_failed', 'x', { errors, members: { run: 'r1', status: 200 } });
    const document = problemOf(error);
    expect(document).toMatchObject({ status: 422, run: 'r1', errors });
    expect(document).not.toHaveProperty('instance');
    expect(problem.parse(document)).toEqual(document);
  });

  it('keeps the cause for the log, out of the document', () => {
    const cause = new Error('password=hunter2');
    const error = new HoldfastError('internal', 'Something broke.', { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(problemOf(error))).not.toContain('hunter2');
  });
});

describe('the codes', () => {
  it('are told from other strings', () => {
    expect(isErrorCode('run_ended')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
  });

  it('are snake case, one meaning each over all tables', () => {
    const codes = [...Object.keys(errorCodes), ...Object.keys(runFailureCodes), ...Object.keys(startupCodes)];
    expect(codes.filter((code) => !/^[a-z]+(_[a-z]+)*$/.test(code))).toEqual([]);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('say what to do, and nothing of codes that are not there', () => {
    const codes = [...Object.keys(errorCodes), ...Object.keys(runFailureCodes), ...Object.keys(startupCodes)];
    expect(Object.keys(remedies).toSorted()).toEqual(codes.toSorted());
    for (const remedy of Object.values(remedies)) expect(remedy).toMatch(/^[A-Z].*\.$/);
  });

  it('have HTTP error statuses and whole sentences', () => {
    for (const { status, title, description } of Object.values(errorCodes)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
      expect(description).toMatch(/\.$/);
    }
  });
});
