import type { Command } from 'commander';
import { sharedFields } from '../accounts/shared-fields.ts';
import type { ShownLink } from '../accounts/show-link.ts';
import { columns, type Outcome, printing, table } from './command-output.ts';
import { namingChain, readChainId } from './delivery-options.ts';
import { presentDelivery } from './delivery-text.ts';
import { fileName } from './describe-problem.ts';
import { exitCodes } from './exit-code.ts';
import { describeThere, presentThere } from './link-there.ts';
import { momentText } from './moment-text.ts';
import { operatorContext } from './open-accounts.ts';
import { withPlatforms } from './open-platform.ts';

/** `foyer link show REFERENCE`: one customer on both sides. */
export function linkShow(link: Command, env: NodeJS.ProcessEnv): void {
  link
    .command('show')
    .summary('one customer on both sides, and what would be sent now')
    .description(
      'Shows of one customer, for each chain: every field here, as last agreed and at the loyalty platform; what waits or was ' +
        'given up; the latest notices; how the chain fares; and what would be sent now. It changes nothing. A platform that ' +
        'cannot be asked is said so, with exit code 6.',
    )
    .argument('<reference>', 'e-mail, id or foreign id; an id goes before an equal foreign id')
    .option('--chain <id>', 'only this chain', readChainId)
    .option('--json', 'print one JSON document')
    .action(printing((reference: string, { chain }: { chain?: number }) => show(env, reference, chain)));
}

async function show(env: NodeJS.ProcessEnv, reference: string, chainId: number | undefined): Promise<Outcome> {
  const { customerId, links } = await withPlatforms(env, ({ accounts, platforms }) =>
    namingChain(chainId, () =>
      accounts.showLink({ reference, chainId, platformOf: (id) => platforms.platformOf(id) }, operatorContext()),
    ),
  );
  const isAsked = links.every(({ there }) => there.state !== 'failed');
  return {
    data: { customer: customerId, links: links.map(present) },
    text:
      links.length === 0
        ? `Customer ${customerId} belongs to no chain.`
        : links.map((one) => describe(customerId, one)).join('\n\n'),
    exitCode: isAsked ? exitCodes.ok : exitCodes.platform,
  };
}

function present(shown: ShownLink) {
  const { link, delivery, chain, agreement, notices } = shown;
  return {
    chain: shown.chainId,
    isHome: shown.isHome,
    spaazaUserId: link.spaazaUserId,
    memberNumber: link.memberNumber,
    there: presentThere(shown),
    syncedAt: shown.syncedAt,
    platformModifiedAt: agreement?.platformModifiedAt ?? null,
    fields: shown.fields.map(({ field, here, agreed, there, changed }) => ({
      field: fileName(field),
      here,
      agreed: agreed ?? null,
      there: there ?? null,
      isSaidThere: there !== undefined,
      changed,
    })),
    nextPush: shown.nextPush,
    nextFields: shown.nextFields.map(fileName),
    delivery: delivery === undefined ? null : presentDelivery(delivery),
    hasEvent: shown.hasEvent,
    notices: notices.map(({ id, state, receivedAt, dueAt, attempts, errorText, requestId }) => ({
      id,
      state,
      receivedAt,
      dueAt,
      attempts,
      reason: errorText,
      requestId,
    })),
    erasedThereAt: shown.tombstone?.erasedAt ?? null,
    chainState: {
      pausedUntil: chain.pausedUntil,
      pauseReason: chain.pauseReason,
      lastSuccessAt: chain.lastSuccessAt,
    },
  };
}

function describe(customerId: number, shown: ShownLink): string {
  const { link, chain, tombstone, notices } = shown;
  const facts: [string, string | null][] = [
    ['Spaaza user', link.spaazaUserId === null ? 'not linked' : String(link.spaazaUserId)],
    ['there', describeThere(shown)],
    ['last asked or told', shown.syncedAt === null ? 'never' : momentText(shown.syncedAt)],
    ['waits', waitsText(shown)],
    ['would be sent', pushText(shown)],
    ...notices.map((notice): [string, string] => [
      'notice',
      `${momentText(notice.receivedAt)}, ${notice.state}${notice.errorText === null ? '' : `: ${notice.errorText}`}`,
    ]),
    ['erased there', tombstone === undefined ? null : momentText(tombstone.erasedAt)],
    [
      'chain',
      `last success ${momentText(chain.lastSuccessAt)}` +
        (chain.pausedUntil === null ? '' : `, paused until ${momentText(chain.pausedUntil)} (${chain.pauseReason})`),
    ],
  ];
  const isAsked = shown.there.state === 'found';
  const fields = shown.fields.map(({ field, here, agreed, there, changed }) => [
    fileName(field),
    valueText(here),
    valueText(agreed),
    isAsked ? valueText(there) : '?',
    changers[changed],
  ]);
  const rows = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  return [
    `Customer ${customerId}, chain ${shown.chainId}${shown.isHome ? '' : ', not that of the website'}`,
    columns(rows.map(([name, value]) => [`  ${name}`, value])),
    '',
    table(['FIELD', 'HERE', 'AGREED', 'THERE', ''], fields),
  ].join('\n');
}

function waitsText({ delivery, hasEvent }: ShownLink): string {
  if (delivery === undefined) return hasEvent ? 'a change that no server has looked at' : 'nothing';
  const { state, wants, waitingSince, code, reason } = presentDelivery(delivery);
  const why = code === null ? '' : `: ${code}, ${reason}`;
  return `${wants.join(', ')}, ${state} since ${momentText(waitingSince)}${why}`;
}

function pushText({ nextPush, nextFields, there }: ShownLink): string {
  const off = there.state === 'off' ? ', were the link on' : '';
  switch (nextPush) {
    case 'nothing':
      return 'nothing: it is what was agreed';
    case 'withheld':
      return 'nothing: the platform erased the person';
    case 'add':
      return `everything that is known, as a person who is new or has our id or e-mail${off}`;
    case 'alter':
      return `${nextFields.length === sharedFields.length ? 'everything' : nextFields.map(fileName).join(', ')}${off}`;
  }
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

const changers = {
  nobody: '',
  here: 'changed here',
  there: 'changed there',
  both: 'changed on both sides',
  unknown: 'differs',
} as const;
