import { Hono } from 'hono';
import { isIPv4 } from 'node:net';
import type { Metrics } from '../metrics.ts';
import { NOT_FOUND, refuse } from './errors.ts';

/** `GET /metrics` for Prometheus, on a port of its own that the outside need not reach. */
export function createMetricsApi(metrics: Pick<Metrics, 'text' | 'contentType'>): Hono {
  const api = new Hono();
  api.get('/metrics', async (context) =>
    context.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
  );
  api.notFound((context) => refuse(context, NOT_FOUND));
  return api;
}

/** Whether only programs on this machine reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
