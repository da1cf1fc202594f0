import { styleText } from 'node:util';
import type { Command } from 'commander';
import { type Config, ConfigError, describeConfig, loadConfig } from '../config.ts';
import { columns, printing } from './command-output.ts';
import { checkDatabase } from './doctor-database.ts';
import { checkClock, checkFolder, checkNative, checkNode, checkPort } from './doctor-machine.ts';
import { checkRedis } from './doctor-redis.ts';
import { exitCodes } from './exit-code.ts';

/** What one look at the installation found. */
export interface Finding {
  check: string;
  status: 'ok' | 'warn' | 'fail';
  message: string;
  /** What to do about it. */
  advice?: string;
  /** Lines that go with it. */
  details?: readonly string[];
}

/** `foyer doctor`: looks at configuration, machine and database, and changes none of them. */
export function doctor(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('doctor')
    .summary('check configuration, machine and database')
    .description(
      'Checks configuration, native modules, data folder, port, clock, database, topology, keys, loyalty links and Redis, ' +
        'with advice for what is not well. It changes nothing. Exit code 1 when a check fails; warnings do not count.',
    )
    .option('--json', 'print one JSON document')
    .action(
      printing(async () => {
        const findings = await findAll(env);
        const status =
          (['fail', 'warn'] as const).find((worst) => findings.some((found) => found.status === worst)) ?? 'ok';
        const exitCode = status === 'fail' ? exitCodes.failed : exitCodes.ok;
        return { data: { status, checks: findings }, text: describe(findings), exitCode };
      }),
    );
}

async function findAll(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const machine = [checkNode(), ...(await checkNative())];
  const { config, finding } = checkConfiguration(env);
  if (config === undefined) return [finding, ...machine];
  const database = await checkDatabase(config);
  return [
    finding,
    ...machine,
    ...checkFolder(config),
    await checkPort(config),
    ...database.findings,
    ...(await checkRedis(config)),
    checkClock(database.latest),
  ];
}

function checkConfiguration(env: NodeJS.ProcessEnv): { config?: Config; finding: Finding } {
  const check = 'configuration';
  try {
    const config = loadConfig(env, 'serve');
    const usual = new Set(describeConfig(loadConfig({}, 'serve')).split('\n'));
    const details = describeConfig(config)
      .split('\n')
      .filter((line) => !usual.has(line));
    const changed = details.length === 1 ? '1 setting differs' : `${details.length} settings differ`;
    const message = details.length === 0 ? 'everything is at its default' : `${changed} from the default:`;
    return { config, finding: { check, status: 'ok', message, details } };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const message = error.faults.length === 1 ? '1 fault:' : `${error.faults.length} faults:`;
    const advice = 'correct the environment (docs/configuration.md), then run foyer doctor again for the rest';
    return { finding: { check, status: 'fail', message, advice, details: error.faults } };
  }
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function describe(findings: readonly Finding[]): string {
  const rows = columns(findings.map(({ status, check, message }) => [status, check, message])).split('\n');
  const lines = findings.flatMap(({ status, advice, details = [] }, index) => [
    coloured(status, rows[index] ?? ''),
    ...details.map((detail) => `        ${columns([[detail]])}`),
    ...(advice === undefined ? [] : [`        -> ${advice}`]),
  ]);
  const count = (status: Finding['status'], noun: string): string => {
    const number = findings.filter((finding) => finding.status === status).length;
    return `${number} ${noun}${number === 1 ? '' : 's'}`;
  };
  return [...lines, '', `${count('warn', 'warning')}, ${count('fail', 'failure')}`].join('\n');
}

function coloured(status: Finding['status'], row: string): string {
  if (!process.stdout.isTTY || process.env.NO_COLOR) return row;
  return styleText(colours[status], status) + row.slice(status.length);
}
