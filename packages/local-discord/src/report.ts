import type { GatewayEvent } from './gateway.ts';
import type { RecordedRequest } from './rest.ts';

export interface Happened {
  readonly violations: readonly string[];
  readonly requests: readonly RecordedRequest[];
  readonly gatewayEvents: readonly GatewayEvent[];
}

/**
 * What a bot did that Discord would have refused, as a text: the same ones as one line with their
 * number. What `fail` made fail is not in it.
 */
export function report({ violations, requests, gatewayEvents }: Happened): string {
  const answered = requests.filter(({ status = 0, failed }) => status >= 400 && !failed);
  // A violation stands there already, with all that is wrong.
  const others = answered.filter(({ answer }) => !isViolation(codeOf(answer)));
  const parts = [
    part('Against the rules', violations),
    part(
      'Refused',
      others
        .filter(isPlayed)
        .map((request) => `${request.method} ${request.route}: ${refusalOf(request)}`),
    ),
    part(
      'Put out of the gateway',
      gatewayEvents
        .filter(({ reason }) => reason !== undefined)
        .map(({ code, reason }) => `${code} ${reason}`),
    ),
    part(
      'Not played here, so nothing is known of it',
      others
        .filter((request) => !isPlayed(request))
        .map(({ method, path }) => {
          return `${method} ${withoutIds(path)}`;
        }),
    ),
  ].flat();
  return parts.length === 0
    ? 'Nothing that Discord would have refused.\n'
    : `${parts.join('\n')}\n`;
}

function part(title: string, lines: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  if (counts.size === 0) return [];
  return [
    `${title}:`,
    ...[...counts].map(([line, count]) => `  ${count === 1 ? '' : `${count} times `}${line}`),
  ];
}

function isViolation(code: number | undefined): boolean {
  return code === 50035 || code === 50006;
}

function isPlayed({ route }: RecordedRequest): boolean {
  return route !== undefined;
}

/** As Discord refuses: in its own form, or in that of RFC 6749. */
interface Refusal {
  readonly message?: string;
  readonly error?: string;
  readonly code?: number;
}

function codeOf(answer: unknown): number | undefined {
  return (answer as Refusal | undefined)?.code;
}

function refusalOf({ status, answer }: RecordedRequest): string {
  const { message, error, code } = (answer ?? {}) as Refusal;
  const name = message ?? error ?? String(status);
  return code === undefined || code === 0 ? name : `${name} (${code})`;
}

// A webhook's token is as good as the bot's own for a quarter of an hour.
function withoutIds(path: string): string {
  return path.replaceAll(/\/\d{15,}/g, '/{id}').replaceAll(/\/[\w-]{60,}/g, '/{token}');
}
