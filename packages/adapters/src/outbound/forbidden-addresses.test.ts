import { describe, expect, it } from 'vitest';
import { allowListOf } from './allow-list.ts';
import { isForbiddenAddress } from './forbidden-addresses.ts';

const forbidden = [
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.255',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:FFFF:10.0.0.1',
  '::ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '64:ff9b::10.0.0.1',
  '2002:7f00:1::',
  '2001:0:4136:e378::',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'localhost',
  '',
];

const open = [
  '1.1.1.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '193.0.0.1',
  '223.255.255.255',
  '::ffff:1.1.1.1',
  '::ffff:101:101',
  '64:ff9b::101:101',
  '2606:4700:4700::1111',
  '2001:4860:4860::8888',
];

describe('isForbiddenAddress', () => {
  it.each(forbidden)('refuses %s', (address) => expect(isForbiddenAddress(address)).toBe(true));
  it.each(open)('lets %s through', (address) => expect(isForbiddenAddress(address)).toBe(false));
});

describe('allowListOf', () => {
  const list = allowListOf(['CRM.internal', 'db.internal:5432', '10.1.0.0/16', '192.168.0.7', '[::1]:80', 'fd12::/16']);

  it.each([
    ['crm.internal', 1, true],
    ['crm.INTERNAL.', 443, true],
    ['x.crm.internal', 443, false],
    ['db.internal', 5432, true],
    ['db.internal', 5433, false],
    ['::1', 80, true],
    ['::1', 81, false],
  ])('names %s with port %i: %s', (host, port, named) => expect(list.names(host, port)).toBe(named));

  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['10.2.0.1', false],
    ['192.168.0.7', true],
    ['192.168.0.8', false],
    ['fd12::5', true],
    ['fd13::5', false],
  ])('holds %s: %s', (address, held) => expect(list.holds(address)).toBe(held));
});
