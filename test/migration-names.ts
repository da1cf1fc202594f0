/** The migrations of this release, in order: written down, and not read from where they are run. */
export const migrationNames = [
  '0001-customer-base',
  '0002-loyalty-queue',
  '0003-rate-windows',
  '0004-history-changes',
  '0005-customer-search',
  '0006-names-in-place',
  '0007-waiting-notices',
];
