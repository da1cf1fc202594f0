import { statSync } from 'node:fs';

/** True for a file that opening would make, or try to; throws where this user may not look. */
export function isMissingFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return true;
    throw error;
  }
}
