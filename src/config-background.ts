import { choice, wholeNumber } from './config-kinds.ts';
import type { Setting } from './config-setting.ts';

/** Settings of what a node does beside its requests: work for the loyalty platform, and tidying up. */
export const backgroundSettings: Record<'runsJobs', Setting<boolean>> &
  Record<
    'spaazaPullIntervalSeconds' | 'deadLetterDays' | 'inboxDays' | 'tombstoneDays' | 'signInHistoryDays',
    Setting<number>
  > = {
  runsJobs: {
    env: 'FOYER_JOBS',
    kind: choice('on', 'off'),
    default: true,
    doc: 'Whether this node works on what waits for Spaaza. Leave it on for one node at least. All nodes need the same Spaaza credentials.',
  },
  spaazaPullIntervalSeconds: {
    env: 'FOYER_SPAAZA_PULL_INTERVAL_SECONDS',
    kind: wholeNumber(0, 86_400),
    default: 300,
    unit: 'seconds',
    doc: 'A sign-in asks Spaaza about the customer, unless Spaaza was heard of within this time.',
  },
  deadLetterDays: keptDays(
    'FOYER_DEAD_LETTER_DAYS',
    90,
    'What Spaaza refused for good, and notices of it that failed.',
  ),
  inboxDays: keptDays(
    'FOYER_INBOX_DAYS',
    14,
    'Notices of Spaaza that were dealt with: a repeated one is known that long.',
  ),
  tombstoneDays: keptDays(
    'FOYER_TOMBSTONE_DAYS',
    400,
    'What keeps a late update from bringing an erased person back: ids and a digest of the e-mail.',
  ),
  signInHistoryDays: keptDays('FOYER_SIGN_IN_HISTORY_DAYS', 90, 'Sign-ins in the history of a customer.'),
};

function keptDays(env: string, days: number, what: string): Setting<number> {
  return { env, kind: wholeNumber(1, 36_500), default: days, unit: 'days', doc: `${what} Removed after this time.` };
}
