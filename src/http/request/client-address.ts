import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { type BlockList, isIP, isIPv6 } from 'node:net';

/** Who sent this request, by address; `X-Forwarded-For` counts only as far as proxies are trusted. */
export type ClientAddress = (context: Context) => string;

/** Whether it is one of our proxies that has connected to us. */
export function isTrustedPeer(trustedProxies: BlockList, peer: string): boolean {
  const address = withoutIPv4Mapping(peer);
  if (isIP(address) === 0) return false;
  return trustedProxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Reads the hops from the nearest on, and stops at the first that is not one of our proxies. */
export function clientAddress(trustedProxies: BlockList): ClientAddress {
  return (context) => {
    const { incoming } = (context.env ?? {}) as Partial<HttpBindings>;
    let address = withoutIPv4Mapping(incoming?.socket.remoteAddress ?? '');
    const hops = (context.req.header('X-Forwarded-For') ?? '').split(',');
    while (hops.length > 0 && isTrustedPeer(trustedProxies, address)) {
      const hop = withoutIPv4Mapping(hops.pop()?.trim() ?? '');
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  };
}

/** An IPv4 address that came in over IPv6 is the same address. */
function withoutIPv4Mapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** Whom to count: a /64 network of IPv6 is one customer's. */
export function countedAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::');
  const [before, after] = [head, tail].map((part) => (part === '' ? [] : part.split(':')));
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const zeros = address.includes('::') ? Array.from({ length: missing }, () => '0') : [];
  return [...(before ?? []), ...zeros, ...(after ?? [])].slice(0, 4).join(':');
}
