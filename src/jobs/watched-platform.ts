import { type LoyaltyPlatform, LoyaltyPlatformError } from '../accounts/loyalty-platform.ts';

export interface PlatformWatch {
  /** The platform did what it was asked, or said that it knows nobody. */
  onSuccess(): Promise<void>;
  /** The platform answered, if only to refuse. */
  onAnswer(): void;
  /** The platform could not be reached or is in trouble. */
  onTrouble(): void;
}

/** The same platform, which tells how each call ended. An aborted call tells nothing. */
export function watchPlatform(platform: LoyaltyPlatform, watch: PlatformWatch): LoyaltyPlatform {
  const watched = async <T>(call: Promise<T>): Promise<T> => {
    try {
      const answer = await call;
      watch.onAnswer();
      await watch.onSuccess();
      return answer;
    } catch (error) {
      if (error instanceof LoyaltyPlatformError) {
        if (error.kind === 'transient') watch.onTrouble();
        else watch.onAnswer();
      }
      throw error;
    }
  };
  return {
    chainId: platform.chainId,
    fetchUser: (...args) => watched(platform.fetchUser(...args)),
    addUser: (...args) => watched(platform.addUser(...args)),
    alterUser: (...args) => watched(platform.alterUser(...args)),
    deleteUser: (...args) => watched(platform.deleteUser(...args)),
    close: () => platform.close(),
  };
}
