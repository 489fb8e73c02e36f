import type { APIApplicationCommand } from 'discord-api-types/v10';
import { type FormProblem, invalidForm, unknownCommand } from './errors.ts';
import { asList, asNumber, asObject, asString, type Json } from './json.ts';
import { Command, Context, Option } from './numbers.ts';
import { snowflake } from './snowflake.ts';

const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const CHAT_INPUT_LIMIT = 100;

/** The registered commands of the application, globally and per server. */
export class Commands {
  readonly #applicationId: string;
  readonly #scopes = new Map<string, APIApplicationCommand[]>();
  readonly #listeners = new Set<() => void>();

  constructor(applicationId: string) {
    this.#applicationId = applicationId;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  list(serverId?: string): readonly APIApplicationCommand[] {
    return this.#scopes.get(serverId ?? '') ?? [];
  }

  get(id: string, serverId?: string): APIApplicationCommand {
    const command = this.list(serverId).find((known) => known.id === id);
    if (command === undefined) throw unknownCommand();
    return command;
  }

  /** The command as a member in that server would find it, the server's own one first. */
  find(
    name: string,
    type: APIApplicationCommand['type'],
    serverId?: string,
  ): APIApplicationCommand | undefined {
    const scopes = serverId === undefined ? [undefined] : [serverId, undefined];
    return scopes
      .flatMap((scope) => this.list(scope))
      .find((command) => command.name === name && command.type === type);
  }

  /** `PUT`: what is listed is all there is. Ids stay with the names. */
  replace(bodies: readonly unknown[], serverId?: string): readonly APIApplicationCommand[] {
    const problems = bodies.flatMap((body, index) => commandProblems(asObject(body), [index]));
    const seen = new Set<string>();
    bodies.map(asObject).forEach((body, index) => {
      const key = `${asNumber(body['type']) ?? Command.ChatInput} ${asString(body['name'])}`;
      if (seen.has(key)) {
        problems.push({
          at: [index],
          code: 'APPLICATION_COMMANDS_DUPLICATE_NAME',
          message: 'Application command names must be unique',
        });
      }
      seen.add(key);
    });
    const chatInputs = [...seen].filter((key) => key.startsWith('1 ')).length;
    if (chatInputs > CHAT_INPUT_LIMIT) {
      problems.push({
        at: [],
        code: 'APPLICATION_COMMANDS_MAX',
        message: `Must be ${CHAT_INPUT_LIMIT} or fewer`,
      });
    }
    if (problems.length > 0) throw invalidForm(...problems);
    const commands = bodies.map((body) => this.#complete(asObject(body), serverId));
    return this.#set(commands, serverId);
  }

  /** `POST`: a command of that name and type is written over. */
  upsert(body: Json, serverId?: string): { command: APIApplicationCommand; created: boolean } {
    const problems = commandProblems(body, []);
    if (problems.length > 0) throw invalidForm(...problems);
    const command = this.#complete(body, serverId);
    const others = this.list(serverId).filter(({ id }) => id !== command.id);
    const created = others.length === this.list(serverId).length;
    this.#set([...others, command], serverId);
    return { command, created };
  }

  update(id: string, body: Json, serverId?: string): APIApplicationCommand {
    const before = this.get(id, serverId);
    const merged = { ...before, ...body, type: before.type };
    const problems = commandProblems(merged, []);
    if (problems.length > 0) throw invalidForm(...problems);
    const command = { ...this.#complete(merged, serverId), id, version: snowflake() };
    this.#set(
      this.list(serverId).map((known) => (known.id === id ? command : known)),
      serverId,
    );
    return command;
  }

  delete(id: string, serverId?: string): void {
    this.get(id, serverId);
    this.#set(
      this.list(serverId).filter((known) => known.id !== id),
      serverId,
    );
  }

  /** Whether a registration has ever been made, in that server or globally. */
  areRegistered(serverId?: string): boolean {
    return this.#scopes.has(serverId ?? '');
  }

  #set(commands: APIApplicationCommand[], serverId?: string): APIApplicationCommand[] {
    this.#scopes.set(serverId ?? '', commands);
    for (const listener of this.#listeners) listener();
    return commands;
  }

  #complete(body: Json, serverId: string | undefined): APIApplicationCommand {
    const type = asNumber(body['type']) ?? Command.ChatInput;
    const known = this.list(serverId).find(
      (command) => command.name === body['name'] && isType(command.type, type),
    );
    const permissions = body['default_member_permissions'];
    const contexts = body['contexts'];
    const command = {
      id: known?.id ?? snowflake(),
      application_id: this.#applicationId,
      version: known?.version ?? snowflake(),
      default_member_permissions:
        typeof permissions === 'string' || typeof permissions === 'number'
          ? String(permissions)
          : null,
      type,
      name: body['name'],
      name_localizations: body['name_localizations'] ?? null,
      description: body['description'] ?? '',
      description_localizations: body['description_localizations'] ?? null,
      ...(serverId === undefined
        ? {
            dm_permission: Array.isArray(contexts)
              ? contexts.includes(Context.BotDm)
              : body['dm_permission'] !== false,
            contexts: contexts ?? null,
            integration_types: body['integration_types'] ?? [0],
          }
        : { guild_id: serverId }),
      nsfw: body['nsfw'] === true,
      ...(asList(body['options']).length === 0 ? {} : { options: withoutNulls(body['options']) }),
      // Its options were checked and are kept as they came.
    } as unknown as APIApplicationCommand;
    const isSame = known !== undefined && JSON.stringify(known) === JSON.stringify(command);
    return isSame || known === undefined ? command : { ...command, version: snowflake() };
  }
}

function isType(known: number, type: number): boolean {
  return known === type;
}

function withoutNulls(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_member, inner: unknown) => (inner === null ? undefined : inner)),
  );
}

function commandProblems(command: Json, at: (string | number)[]): FormProblem[] {
  const problems: FormProblem[] = [];
  const type = asNumber(command['type']) ?? Command.ChatInput;
  const name = asString(command['name']) ?? '';
  if (isType(Command.ChatInput, type)) {
    problems.push(...nameProblems(name, at), ...descriptionProblems(command, at));
    if (textSize(command) > 8000) {
      problems.push({
        at: [...at],
        code: 'APPLICATION_COMMAND_TOO_LARGE',
        message: 'Command exceeds maximum size (8000)',
      });
    }
  } else if (asString(command['description'])) {
    problems.push({
      at: [...at, 'description'],
      code: 'APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED',
      message: 'Context menu commands cannot have a description',
    });
  }
  problems.push(...optionProblems(asList(command['options']).map(asObject), at));
  return problems;
}

function optionProblems(options: readonly Json[], at: (string | number)[]): FormProblem[] {
  const problems: FormProblem[] = [];
  const names = new Set<unknown>();
  let sawOptional = false;
  const nested = options.filter((option) => isNesting(option['type'])).length;
  if (nested > 0 && nested < options.length) {
    problems.push({
      at: [...at, 'options'],
      code: 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
      message: 'Sub-command and sub-command group option types are mutually exclusive to others',
    });
  }
  options.forEach((option, index) => {
    const here = [...at, 'options', index];
    problems.push(...nameProblems(asString(option['name']) ?? '', here));
    problems.push(...descriptionProblems(option, here));
    if (names.has(option['name'])) {
      problems.push({
        at: here,
        code: 'APPLICATION_COMMAND_OPTIONS_NAME_INVALID',
        message: 'Option names must be unique',
      });
    }
    names.add(option['name']);
    if (isNesting(option['type'])) {
      problems.push(...optionProblems(asList(option['options']).map(asObject), here));
      return;
    }
    if (option['required'] === true && sawOptional) {
      problems.push({
        at: here,
        code: 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
        message: 'Required options must be placed before non-required options',
      });
    }
    if (option['required'] !== true) sawOptional = true;
    if (option['autocomplete'] === true && asList(option['choices']).length > 0) {
      problems.push({
        at: [...here, 'choices'],
        code: 'APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID',
        message: 'choices cannot be used with autocomplete',
      });
    }
  });
  return problems;
}

function nameProblems(name: string, at: readonly (string | number)[]): FormProblem[] {
  if (NAME.test(name) && name === name.toLowerCase()) return [];
  return [
    {
      at: [...at, 'name'],
      code: 'APPLICATION_COMMAND_INVALID_NAME',
      message: 'Command name is invalid',
    },
  ];
}

function descriptionProblems(of: Json, at: readonly (string | number)[]): FormProblem[] {
  const description = asString(of['description']) ?? '';
  if (description.length >= 1 && description.length <= 100) return [];
  return [
    {
      at: [...at, 'description'],
      code: description === '' ? 'BASE_TYPE_REQUIRED' : 'BASE_TYPE_BAD_LENGTH',
      message:
        description === '' ? 'This field is required' : 'Must be between 1 and 100 in length.',
    },
  ];
}

/** Names, descriptions and choices together, as Discord counts them. */
function textSize(of: Json): number {
  const own = (['name', 'description', 'value'] as const).map(
    (member) => asString(of[member])?.length ?? 0,
  );
  const inner = [...asList(of['options']), ...asList(of['choices'])].map((child) =>
    textSize(asObject(child)),
  );
  return [...own, ...inner].reduce((sum, size) => sum + size, 0);
}

export function isNesting(type: unknown): boolean {
  return type === Option.Subcommand || type === Option.SubcommandGroup;
}
