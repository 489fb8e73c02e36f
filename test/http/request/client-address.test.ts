import { Hono } from 'hono';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { clientAddress, countedAddress } from '../../../src/http/request/client-address.ts';

const trusted = new BlockList();
trusted.addAddress('127.0.0.1');
trusted.addSubnet('10.0.0.0', 8, 'ipv4');
trusted.addSubnet('fd00::', 8, 'ipv6');

/** Whose request it is taken for, of this peer and with these hops. */
async function addressOf(peer?: object, hops?: string, proxies = trusted): Promise<string> {
  const app = new Hono().get('/', (context) => context.text(clientAddress(proxies)(context)));
  const headers = hops === undefined ? {} : { 'X-Forwarded-For': hops };
  const response = await app.request('/', { headers }, peer);
  expect(response.status).toBe(200);
  return response.text();
}

const from = (remoteAddress: string | undefined) => ({ incoming: { socket: { remoteAddress } } });

describe('the address of a request', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['::FFFF:198.51.100.7', '198.51.100.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    [undefined, ''],
    ['', ''],
  ])('is that of the peer %s', async (peer, address) => {
    expect(await addressOf(from(peer))).toBe(address);
    expect(await addressOf(from(peer), '1.2.3.4')).toBe(address);
  });

  it('is none where there is no socket', async () => {
    expect(await addressOf(undefined)).toBe('');
    expect(await addressOf({}, '1.2.3.4')).toBe('');
  });

  it.each([
    ['one hop', '1.2.3.4', '1.2.3.4'],
    ['the nearest of several', '9.9.9.9, 1.2.3.4', '1.2.3.4'],
    ['the first before our own proxies', '9.9.9.9, 1.2.3.4, 10.1.1.1, fd00::7', '1.2.3.4'],
    ['a hop without blanks around', '9.9.9.9,1.2.3.4', '1.2.3.4'],
    ['a hop of IPv6', '2001:db8::1', '2001:db8::1'],
    ['a hop of IPv4 in IPv6', '::ffff:1.2.3.4', '1.2.3.4'],
    ['our own proxy in IPv6', '1.2.3.4, ::ffff:10.1.1.1', '1.2.3.4'],
    ['only our own proxies', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['nothing', '', '10.0.0.1'],
    ['a name', 'localhost', '10.0.0.1'],
    ['an unknown hop', 'unknown, 10.1.1.1', '10.1.1.1'],
    ['garbage behind a good hop', '1.2.3.4, <script>', '10.0.0.1'],
    ['garbage before a good hop', '<script>, 1.2.3.4', '1.2.3.4'],
    ['an address that is none', '1.2.3.256', '10.0.0.1'],
    ['commas', ',,,', '10.0.0.1'],
  ])('is, behind a proxy that names %s, …', async (_, hops, address) => {
    expect(await addressOf(from('10.0.0.1'), hops)).toBe(address);
    expect(await addressOf(from('::ffff:10.0.0.1'), hops)).toBe(address);
  });

  it('is that of the peer where nobody is trusted', async () => {
    expect(await addressOf(from('10.0.0.1'), '1.2.3.4', new BlockList())).toBe('10.0.0.1');
  });

  it('is found among a thousand hops', async () => {
    const hops = Array.from({ length: 1_000 }, (_, index) => `10.0.1.${index % 256}`);
    expect(await addressOf(from('10.0.0.1'), ['1.2.3.4', ...hops].join())).toBe('1.2.3.4');
  });
});

describe('whom to count', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['', ''],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8:1::6', '2001:db8:1:0'],
    ['2001:db8::', '2001:db8:0:0'],
    ['::', '0:0:0:0'],
    ['::1', '0:0:0:0'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1'],
    ['::1:2:3:4:5', '0:0:0:1'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('is for %j the address or its network: %s', (address, counted) => {
    expect(countedAddress(address)).toBe(counted);
  });
});
