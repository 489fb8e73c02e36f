import { asList, asObject, type Json } from './json.ts';

/** An answer that refuses, in Discord's form. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: Json | undefined;

  constructor(status: number, code: number, message: string, errors?: Json) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  /** What is wrong with which part of the body, a line each. */
  get problems(): string[] {
    return linesOf(this.errors ?? {}, []);
  }

  get body(): Json {
    return {
      message: this.message,
      code: this.code,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

function linesOf(node: Json, at: readonly string[]): string[] {
  const own = asList(node['_errors']) as readonly { message: string; code: string }[];
  return [
    ...own.map(({ message, code }) => `${at.join('.') || 'the body'}: ${message} (${code})`),
    ...Object.entries(node)
      .filter(([member]) => member !== '_errors')
      .flatMap(([member, inner]) => linesOf(asObject(inner), [...at, member])),
  ];
}

/** A refusal in the form of RFC 6749. */
export class OAuthError extends ApiError {
  readonly #description: string | undefined;

  constructor(status: number, error: string, description?: string) {
    super(status, 0, error);
    this.#description = description;
  }

  override get body(): Json {
    const description = this.#description;
    return {
      error: this.message,
      ...(description === undefined ? {} : { error_description: description }),
    };
  }
}

export interface FormProblem {
  /** Where in the body, from the outside in; empty for the body itself. */
  readonly at: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

interface ErrorTree {
  [member: string]: ErrorTree | { code: string; message: string }[];
}

/** 50035, with each problem at its place in the nested `errors`. */
export function invalidForm(...problems: FormProblem[]): ApiError {
  const root: ErrorTree = {};
  for (const { at, code, message } of problems) {
    let node = root;
    for (const member of at) {
      const inner = node[member];
      node = inner === undefined || Array.isArray(inner) ? (node[member] = {}) : inner;
    }
    const known = node['_errors'];
    node['_errors'] = [...(Array.isArray(known) ? known : []), { code, message }];
  }
  return new ApiError(400, 50035, 'Invalid Form Body', root);
}

export const notFound = () => new ApiError(404, 0, '404: Not Found');
export const unauthorized = () => new ApiError(401, 0, '401: Unauthorized');
export const unknownChannel = () => new ApiError(404, 10003, 'Unknown Channel');
export const unknownGuild = () => new ApiError(404, 10004, 'Unknown Guild');
export const unknownMember = () => new ApiError(404, 10007, 'Unknown Member');
export const unknownMessage = () => new ApiError(404, 10008, 'Unknown Message');
export const unknownUser = () => new ApiError(404, 10013, 'Unknown User');
export const unknownWebhook = () => new ApiError(404, 10015, 'Unknown Webhook');
export const unknownBan = () => new ApiError(404, 10026, 'Unknown Ban');
export const unknownInteraction = () => new ApiError(404, 10062, 'Unknown interaction');
export const unknownCommand = () => new ApiError(404, 10063, 'Unknown application command');
export const emptyMessage = () => new ApiError(400, 50006, 'Cannot send an empty message');
export const missingAccess = () => new ApiError(403, 50001, 'Missing Access');
export const missingPermissions = () => new ApiError(403, 50013, 'Missing Permissions');
export const invalidWebhookToken = () => new ApiError(401, 50027, 'Invalid Webhook Token');
export const alreadyAcknowledged = () =>
  new ApiError(400, 40060, 'Interaction has already been acknowledged.');
