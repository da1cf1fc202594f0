import { createKey, listKeys, recordKeyUse, revokeKey } from './api-keys.ts';
import { applyLoyaltyUpdate } from './apply-loyalty-update.ts';
import { applyTopology } from './apply-topology.ts';
import { backfillChain } from './backfill-chain.ts';
import { cleanUp } from './clean-up.ts';
import { getCustomerAsOf } from './customer-as-of.ts';
import { getCustomerConsents } from './customer-consents.ts';
import { getCustomerDetails } from './customer-details.ts';
import { getCustomerHistory } from './customer-history.ts';
import { createCustomer, getCustomer, listCustomers, updateCustomer } from './customer-records.ts';
import { deleteAccount } from './delete-account.ts';
import type { AccountDeps } from './deps.ts';
import { discardDeliveries } from './discard-deliveries.ts';
import { signOut } from './end-session.ts';
import { listDeliveries, summarizeDeliveries } from './list-deliveries.ts';
import { getLoyaltyProfile, getLoyaltyProfileByEmail } from './loyalty-profile.ts';
import { setMaintenance } from './maintenance.ts';
import { reconcileChain } from './reconcile-chain.ts';
import { replayDeliveries } from './replay-deliveries.ts';
import { resumeChain } from './resume-chain.ts';
import { resumeSession } from './resume-session.ts';
import { showDelivery } from './show-delivery.ts';
import { showLink } from './show-link.ts';
import { signIn } from './sign-in.ts';
import { signUp } from './sign-up.ts';
import { takeNotice } from './take-notice.ts';
import { updateOwnAccount } from './update-customer.ts';
import { verifyLogin } from './verify-login.ts';

/** Every verb the product has, bound to what it works on. Protocols and the CLI change customers by these and nothing else. */
export function createAccounts(deps: AccountDeps) {
  const bound =
    <Input extends readonly unknown[], Result>(verb: (deps: AccountDeps, ...input: Input) => Result) =>
    (...input: Input): Result =>
      verb(deps, ...input);
  return {
    /** Topology, keys and maintenance as known in memory. */
    directory: deps.directory,

    signIn: bound(signIn),
    resumeSession: bound(resumeSession),
    signOut: bound(signOut),
    signUp: bound(signUp),
    updateOwnAccount: bound(updateOwnAccount),
    deleteAccount: bound(deleteAccount),

    verifyLogin: bound(verifyLogin),
    applyLoyaltyUpdate: bound(applyLoyaltyUpdate),
    takeNotice: bound(takeNotice),
    getLoyaltyProfile: bound(getLoyaltyProfile),
    getLoyaltyProfileByEmail: bound(getLoyaltyProfileByEmail),

    listCustomers: bound(listCustomers),
    getCustomer: bound(getCustomer),
    getCustomerDetails: bound(getCustomerDetails),
    getCustomerHistory: bound(getCustomerHistory),
    getCustomerAsOf: bound(getCustomerAsOf),
    getCustomerConsents: bound(getCustomerConsents),
    createCustomer: bound(createCustomer),
    updateCustomer: bound(updateCustomer),

    listDeliveries: bound(listDeliveries),
    summarizeDeliveries: bound(summarizeDeliveries),
    showDelivery: bound(showDelivery),
    replayDeliveries: bound(replayDeliveries),
    discardDeliveries: bound(discardDeliveries),

    resumeChain: bound(resumeChain),
    backfillChain: bound(backfillChain),
    reconcileChain: bound(reconcileChain),
    showLink: bound(showLink),

    createKey: bound(createKey),
    listKeys: bound(listKeys),
    revokeKey: bound(revokeKey),
    recordKeyUse: bound(recordKeyUse),
    applyTopology: bound(applyTopology),
    setMaintenance: bound(setMaintenance),
    cleanUp: bound(cleanUp),
  };
}

export type Accounts = ReturnType<typeof createAccounts>;
